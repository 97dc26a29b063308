import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import formatsPlugin from "ajv-formats";
import { Validators } from "moleculer";
import { isCurrency } from "./currency/iso4217.ts";
import { alpha2Country } from "./addresses/country.ts";
import { storedEmail } from "./addresses/email.ts";
import type { ValidationIssue } from "./errors.ts";
import type { TObject, TSchema } from "./schema.ts";

const addFormats = formatsPlugin as unknown as typeof formatsPlugin.default;

// Verbose errors carry the schema that refused, whose `rule` they are worded by.
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true });
addFormats(ajv);
ajv.addKeyword({ keyword: "rule", schemaType: "string" });
ajv.addFormat("idn-email", address => storedEmail(address) !== undefined);
ajv.addFormat("currency", isCurrency);
ajv.addFormat("country", code => alpha2Country(code) !== undefined);
// The default format accepts `urn:uuid:…` too, which Postgres does not.
ajv.addFormat("uuid", /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i);

const compiled = new Map<TSchema, ValidateFunction>();

function compile(schema: TSchema): ValidateFunction {
	let check = compiled.get(schema);
	if (!check) compiled.set(schema, (check = ajv.compile(schema)));
	return check;
}

const escape = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** What Ajv says of a regular expression or a format helps no user. */
const needRule = new Set(["pattern", "format", "not"]);

function wordsOf({ keyword, params, message, parentSchema }: ErrorObject): string {
	const rule = (parentSchema as TSchema | undefined)?.rule;
	if (rule && needRule.has(keyword)) return `must be ${rule}`;
	if (keyword === "enum") return `must be one of: ${params.allowedValues.join(", ")}`;
	return message ?? "is not valid";
}

function fault(error: ErrorObject): ValidationIssue {
	const { instancePath, keyword, params } = error;
	const at = (name: string) => `${instancePath}/${escape(name)}`;
	if (keyword === "required")
		return { pointer: at(params.missingProperty), code: "required", detail: "is required" };
	if (keyword === "additionalProperties")
		return {
			pointer: at(params.additionalProperty),
			code: "unknown-property",
			detail: "is not a known member"
		};
	return { pointer: instancePath, code: keyword, detail: wordsOf(error) };
}

/** Of a value that is no alternative of a schema: why it is not the one that is no null. */
function withoutAlternatives(errors: readonly ErrorObject[]): ErrorObject[] {
	const own = errors.filter(
		({ keyword, params }) => keyword !== "anyOf" && !(keyword === "type" && params.type === "null")
	);
	return own.length > 0 ? own : [...errors];
}

function faultsOf(check: ValidateFunction, data: unknown): ValidationIssue[] {
	if (check(data)) return [];
	return withoutAlternatives(check.errors!).slice(0, 20).map(fault);
}

/** All issues of the data, none when it is valid. Strict: `"1"` is no number. */
export function validate(schema: TSchema, data: unknown): ValidationIssue[] {
	return faultsOf(compile(schema), data);
}

/** The value of a text if it is unambiguous: `0x10`, `1e3`, `yes` and the empty text stay text. */
function fromText({ type, format }: TSchema, text: unknown): unknown {
	if (typeof text !== "string") return text;
	// Case-insensitive on input (RFC 9562, section 4); compared as text afterwards.
	if (format === "uuid") return text.toLowerCase();
	if (type === "integer" && /^-?\d{1,16}$/.test(text)) return Number(text);
	if (type === "boolean" && /^(true|false)$/.test(text)) return text === "true";
	return text;
}

/** For text input (query, path): turns `"1"` into `1` in place, then validates. */
export function coerce(schema: TObject, data: Record<string, unknown>): ValidationIssue[] {
	for (const [name, property] of Object.entries(schema.properties))
		if (Object.hasOwn(data, name)) data[name] = fromText(property, data[name]);
	return validate(schema, data);
}

/**
 * Moleculer's validator with support for JSON Schema. It extends the default validator, because mixins and
 * internal services have fastest-validator params.
 */
export class SchemaValidator extends Validators.Fastest {
	override compile(schema: TSchema): ReturnType<Validators.Fastest["compile"]> {
		if (schema.type !== "object" || !schema.properties) return super.compile(schema);
		const check = compile(schema);
		return ((params: unknown) => {
			const found = faultsOf(check, params);
			return found.length === 0 ? true : found;
		}) as ReturnType<Validators.Fastest["compile"]>;
	}
}
