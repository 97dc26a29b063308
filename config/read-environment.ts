import { readFileSync } from "node:fs";
import type { TSchema } from "../lib/schema.ts";
import { validate } from "../lib/validator.ts";
import { crossFieldIssues } from "./checks/agreements.ts";
import { variables, type Environment, type Source } from "./env.ts";
import { readEnvFile } from "./env-file.ts";
import { EnvironmentError } from "./environment-error.ts";
import { parsedIssues } from "./parsed.ts";
import { valueRule, type Variable } from "./variable.ts";

/** The only reader of `process.env`. */

const isGiven = (name: string, variable: Variable, source: Source) =>
	Boolean(source[name] || (variable.secret && source[`${name}_FILE`]));

/** Former and retired names that this process has warned about, so that each is warned about once. */
const warned = new Set<string>();

function warn(formerName: string, name: string, isUsed: boolean): void {
	if (warned.has(formerName)) return;
	warned.add(formerName);
	const what = isUsed ? "is read for the last version" : "is ignored";
	process.emitWarning(`${formerName} is now called ${name}; the old name ${what}`, "Configuration");
}

/** The name that a variable is set under: its own, or its former one, which causes a warning, as a retired one does. */
export function nameGiven(name: string, variable: Variable, source: Source): string {
	const { formerName, retiredName } = variable;
	if (retiredName && isGiven(retiredName, variable, source)) warn(retiredName, name, false);
	if (!formerName || !isGiven(formerName, variable, source)) return name;
	const isUsed = !isGiven(name, variable, source);
	warn(formerName, name, isUsed);
	return isUsed ? formerName : name;
}

function rawValue(name: string, variable: Variable, source: Source): string | undefined {
	const file = variable.secret ? source[`${name}_FILE`] : undefined;
	if (file) return readFileSync(file, "utf8").trim();
	return source[name] === "" ? undefined : source[name];
}

function typed(schema: TSchema, raw: string): unknown {
	if (schema.type === "integer" && /^-?\d+$/.test(raw)) return Number(raw);
	if (schema.type === "boolean" && /^(true|false|1|0)$/.test(raw)) return /^(true|1)$/.test(raw);
	return raw;
}

/** The value of a variable, or undefined with a line that says why there is none. */
function read(current: string, variable: Variable, source: Source, lines: string[]): unknown {
	const name = nameGiven(current, variable, source);
	try {
		const raw = rawValue(name, variable, source);
		if (raw === undefined) return variable.fallback;
		const value = typed(variable.schema, raw);
		const found = validate(variable.schema, value);
		if (found.length === 0) return value;
		const shown = variable.secret ? "a secret value" : JSON.stringify(raw);
		const rule = valueRule(variable);
		lines.push(
			`${name}: ${shown} ${rule ? `must be ${rule}` : found[0]!.detail} (${variable.about})`
		);
		return undefined;
	} catch (error) {
		lines.push(`${name}_FILE: cannot be read: ${(error as Error).message}`);
		return undefined;
	}
}

/**
 * @param runsServices false for a command that runs no service: what production requires of services is not needed
 * @throws EnvironmentError with every issue
 */
export function readEnvironment(
	source: Source = process.env,
	{ runsServices = true } = {}
): Environment {
	const lines: string[] = [];
	const values = Object.fromEntries(
		Object.entries<Variable>(variables).map(([name, v]) => [name, read(name, v, source, lines)])
	) as Environment;
	const checked = runsServices ? values : { ...values, SERVICES: "" };
	lines.push(...crossFieldIssues(checked, source), ...parsedIssues(values));
	if (lines.length > 0) throw new EnvironmentError(lines);
	return values;
}

/**
 * The same for a command: with the file of ENV_FILE, or `.env` in the current folder. A launcher gives its nodes an empty
 * one, because it has read it.
 * @throws EnvironmentError with every issue
 */
export function readSettings(options?: { runsServices: boolean }): Environment {
	readEnvFile(process.env);
	return readEnvironment(process.env, options);
}
