/** All faults of the environment at once, one a line. */
export class EnvironmentError extends Error {
	readonly lines: string[];
	constructor(lines: string[]) {
		super(`The configuration is not valid:\n${lines.map(line => `  ${line}`).join("\n")}`);
		this.lines = lines;
	}
}
