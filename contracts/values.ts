import { nullable, oneOf, strictObject, T, type ActionSpec, type Static } from "../lib/schema.ts";

/** Values that several contracts share. */

/**
 * A line of text for people: bounded, with visible characters, without control characters, line breaks
 * and bidi controls (Unicode TR 9), which make it look like another text.
 */
export function text(maxLength: number, options: { description?: string } = {}) {
	const pattern = "^(?=.*[^\\s\\p{Cf}])[^\\p{Cc}\\p{Zl}\\p{Zp}\\u202A-\\u202E\\u2066-\\u2069]*$";
	return T.String({ maxLength, pattern, ...options });
}

export const Uuid = T.String({ format: "uuid" });

/** Ids of users and products: a UUID, or the readable id of seed data. */
export const Id = T.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9-]{0,63}$" });

export const Instant = T.String({ format: "date-time", description: "RFC 3339, UTC" });

export const Money = strictObject(
	{
		amount: T.Integer({
			minimum: 0,
			maximum: Number.MAX_SAFE_INTEGER,
			description: "Minor units (cents)"
		}),
		currency: T.String({ format: "currency", description: "ISO 4217" })
	},
	{ title: "Money" }
);

/** Languages of messages. */
export const Locale = oneOf(["en", "de"]);
export type Locale = Static<typeof Locale>;

export const IdempotencyKey = T.String({ pattern: "^[\\x21-\\x7e]{1,255}$" });
/** For commands that change nothing, or are refused, when they are repeated: with a key the first response is repeated. */
export const OptionalKey = T.Optional(IdempotencyKey);

export const Version = T.Integer({ minimum: 1, description: "Grows by one with every change" });

export const Limit = T.Integer({ minimum: 1, maximum: 100, default: 20 });
export const Cursor = T.String({ minLength: 1, maxLength: 512, description: "Opaque" });
export const NextCursor = nullable(T.String());

export const Line = strictObject({
	product_id: Id,
	quantity: T.Integer({ minimum: 1, maximum: 999 })
});

/** Every service with state has this action; `/health` calls all of them. */
export const ready = {
	summary: "Succeeds when the service can reach its database",
	kind: "query",
	access: "internal",
	timeoutMs: 1000,
	params: strictObject({}),
	returns: strictObject({ ok: T.Boolean() })
} as const satisfies ActionSpec;
