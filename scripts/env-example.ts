import { variables } from "../config/env.ts";
import { valueRule } from "../config/variable.ts";

const secretNote = "secret: may also be given as a file";

function entry(name: string, variable: (typeof variables)[keyof typeof variables]): string {
	const rule = valueRule(variable);
	const about = `# ${variable.about}${rule ? `\n# ${rule}` : ""}`;
	const note = "secret" in variable ? `\n# ${secretNote}: ${name}_FILE` : "";
	const value = "fallback" in variable ? String(variable.fallback) : "";
	// Quoted, because a shell that reads this file would change JSON.
	const shown = /[{}"*\s]/.test(value) ? `'${value}'` : value;
	return `${about}${note}\n# ${name}=${shown}`;
}

/** `.env.example`: every variable with its description and default. */
export function envExample(): string {
	const entries = Object.entries(variables).map(([name, variable]) => entry(name, variable));
	const header = [
		"# Every setting, with its default. Copy this file to .env, which the commands of npm read, and change what you need:",
		"# a line that is commented out keeps the default, and an empty value too. The environment goes before the file."
	].join("\n");
	return `${[header, ...entries].join("\n\n")}\n`;
}
