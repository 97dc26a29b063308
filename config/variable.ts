import { T, type TSchema } from "../lib/schema.ts";

export interface Variable {
	readonly schema: TSchema;
	readonly about: string;
	readonly fallback?: string | number | boolean;
	/** May also be given as `NAME_FILE`; its value is never printed. */
	readonly secret?: boolean;
	/** Its name in the version before this one, which is still read, with a warning. */
	readonly formerName?: string;
	/** A name of an earlier version, which is not read any more: a value under it causes a warning. */
	readonly retiredName?: string;
}

/** A text of this form. @param rule the form in words: "must be …" is a sentence */
export const text = (pattern: string, rule: string) => T.String({ pattern, rule });

/** Which values a variable takes, in words that follow "must be"; undefined for any text. */
export function valueRule({ schema }: Variable): string | undefined {
	const { type, minimum, maximum, rule } = schema;
	if (schema.enum) return `one of: ${(schema.enum as string[]).join(", ")}`;
	if (type === "integer") return `a whole number from ${minimum} to ${maximum}`;
	if (type === "boolean") return "true or false (or 1 or 0)";
	return rule as string | undefined;
}
