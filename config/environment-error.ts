/** All issues of the environment variables, one per line. */
export class EnvironmentError extends Error {
	readonly lines: string[];
	constructor(lines: string[]) {
		super(`The configuration is not valid:\n${lines.map(line => `  ${line}`).join("\n")}`);
		this.lines = lines;
	}
}
