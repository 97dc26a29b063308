import { nullable, oneOf, strictObject, T, type ActionSpec, type Static } from "../lib/schema.ts";

/** Values that several contracts share. */

/**
 * A line of text for people: bounded, with visible characters, without control characters, line breaks
 * and bidi controls (Unicode TR 9), which make it look like another text.
 */
export function text(maxLength: number, options: { description?: string } = {}) {
	const pattern = "^(?=.*[^\\s\\p{Cf}])[^\\p{Cc}\\p{Zl}\\p{Zp}\\u202A-\\u202E\\u2066-\\u2069]*$";
	const rule = "one line of text with visible characters and without control characters";
	return T.String({ maxLength, pattern, rule, ...options });
}

/** Text that Postgres can store. */
export function storableText(limits: { minLength?: number; maxLength: number }) {
	return T.String({ ...limits, pattern: "^[^\\u0000]*$", rule: "text without the character NUL" });
}

export function uuid(options: { description?: string } = {}) {
	const rule = "a UUID, like 01890a5d-ac96-774b-bcce-b302099a8057";
	return T.String({ format: "uuid", rule, ...options });
}
export const Uuid = uuid();

/** Ids of users and products: a UUID, or the readable id of seed data. */
export const Id = T.String({
	pattern: "^[A-Za-z0-9][A-Za-z0-9-]{0,63}$",
	rule: "1 to 64 letters, digits and hyphens, like prod-001, that do not start with a hyphen"
});

/** A time of RFC 3339. */
export function instant(description: string) {
	const rule = "a date and a time with its offset, like 2026-01-31T12:00:00Z";
	return T.String({ format: "date-time", rule, description });
}
export const Instant = instant("RFC 3339, UTC");

export const Url = T.String({ format: "uri", rule: "a URL, like https://shop.example/orders" });

/** E.164. */
export const Phone = T.String({
	pattern: "^\\+[1-9][0-9]{6,14}$",
	description: "E.164",
	rule: "a phone number of + and 7 to 15 digits with the country code, like +4930123456"
});

export const Currency = T.String({
	format: "currency",
	description: "ISO 4217",
	rule: "an ISO 4217 code of 3 capital letters, like EUR"
});

export const Country = T.String({
	format: "country",
	description: "ISO 3166-1 alpha-2 or alpha-3",
	rule: "an ISO 3166-1 code of 2 or 3 letters, like DE or DEU (the United Kingdom is GB)"
});

export const Money = strictObject(
	{
		amount: T.Integer({
			minimum: 0,
			maximum: Number.MAX_SAFE_INTEGER,
			description: "Minor units (cents)"
		}),
		currency: Currency
	},
	{ title: "Money" }
);

/** Languages of messages. */
export const Locale = oneOf(["en", "de"]);
export type Locale = Static<typeof Locale>;

export const IdempotencyKey = T.String({
	pattern: "^[\\x21-\\x7e]{1,255}$",
	rule: "1 to 255 visible ASCII characters without blanks"
});
/** For commands that change nothing, or are refused, when they are repeated: with a key the first response is repeated. */
export const OptionalKey = T.Optional(IdempotencyKey);

export const Version = T.Integer({ minimum: 1, description: "Grows by one with every change" });

export const Limit = T.Integer({ minimum: 1, maximum: 100, default: 20 });
/** Long enough for the longest name of a product (200 characters of 4 bytes), in Base64. */
export const Cursor = T.String({ minLength: 1, maxLength: 2048, description: "Opaque" });
export const NextCursor = nullable(T.String());

export const Line = strictObject({
	product_id: Id,
	quantity: T.Integer({ minimum: 1, maximum: 999 })
});

/** Every service with state has this action; `/health` calls all of them. */
export const ready = {
	summary:
		"Succeeds when the service can reach its database, which has the migrations of its version",
	kind: "query",
	access: "internal",
	timeoutMs: 1000,
	params: strictObject({}),
	returns: strictObject({ ok: T.Boolean() })
} as const satisfies ActionSpec;
