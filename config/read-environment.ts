import { readFileSync } from "node:fs";
import type { TSchema } from "../lib/schema.ts";
import { faults } from "../lib/validator.ts";
import { disagreements } from "./agreements.ts";
import { variables, type Environment, type Source, type Variable } from "./env.ts";
import { EnvironmentError } from "./environment-error.ts";

/** The only reader of `process.env`. */

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

function read(name: string, variable: Variable, source: Source, lines: string[]): unknown {
	try {
		const raw = rawValue(name, variable, source);
		if (raw === undefined) return variable.fallback;
		const value = typed(variable.schema, raw);
		const found = faults(variable.schema, value);
		if (found.length > 0) {
			const shown = variable.secret ? "a secret value" : JSON.stringify(raw);
			lines.push(`${name}: ${shown} ${found[0]!.detail} (${variable.about})`);
		}
		return value;
	} catch (error) {
		lines.push(`${name}_FILE: cannot be read: ${(error as Error).message}`);
		return undefined;
	}
}

/** @throws EnvironmentError with every fault */
export function readEnvironment(source: Source = process.env): Environment {
	const lines: string[] = [];
	const values = Object.fromEntries(
		Object.entries<Variable>(variables).map(([name, v]) => [name, read(name, v, source, lines)])
	) as Environment;
	lines.push(...disagreements(values, source));
	if (lines.length > 0) throw new EnvironmentError(lines);
	return values;
}
