/** Whether a limit takes each value of a list: only then is a schema with the limit a wider one than the list. */

type Test = (value: unknown, limit: unknown) => boolean;

const numeric =
	(test: (value: number, limit: number) => boolean): Test =>
	(value, limit) =>
		typeof value !== "number" || test(value, Number(limit));
const textual =
	(test: (value: string, limit: string) => boolean): Test =>
	(value, limit) =>
		typeof value !== "string" || test(value, String(limit));
/** JSON Schema counts code points. */
const sizeOf = (value: string) => [...value].length;

/** Values of a list are numbers and texts here: the limits of arrays and objects do not concern them. */
const tests: Readonly<Record<string, Test>> = {
	minimum: numeric((value, limit) => value >= limit),
	maximum: numeric((value, limit) => value <= limit),
	exclusiveMinimum: numeric((value, limit) => value > limit),
	exclusiveMaximum: numeric((value, limit) => value < limit),
	multipleOf: numeric((value, limit) => Number.isInteger(value / limit)),
	minLength: textual((value, limit) => sizeOf(value) >= Number(limit)),
	maxLength: textual((value, limit) => sizeOf(value) <= Number(limit)),
	pattern: textual((value, limit) => new RegExp(limit, "u").test(value))
};

/** False for a keyword without a test here, such as `format`: it may refuse one of the values. */
export const satisfyLimit = (values: readonly unknown[], keyword: string, limit: unknown) => {
	const test = tests[keyword];
	return test !== undefined && values.every(value => test(value, limit));
};
