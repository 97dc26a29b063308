import Stripe from "stripe";
import { fail } from "../../../lib/errors.ts";
import { nullable, T, type Static } from "../../../lib/schema.ts";
import { validate } from "../../../lib/validator.ts";
import { BadSignature, type ProviderEvent } from "./provider.ts";

/**
 * A message that is older than this (s) may be a replay attack. Wider than the 5 minutes of Stripe's SDK, because the
 * clock of this process may be ahead; a replay does no more than have the shop look at the provider once more.
 */
const toleranceS = 900;

/** Types of events after which a charge, a refund or a dispute may have changed. */
const handledTypes = /^(payment_intent\.|refund\.|charge\.refund|charge\.dispute\.)/;

/** Length of the column; Stripe's metadata are no longer. */
const StoredText = T.String({ maxLength: 500, pattern: "^[^\\u0000]*$" });

/** The parts of a webhook that are read. */
const Message = T.Object({
	id: StoredText,
	type: StoredText,
	created: T.Integer({ minimum: 0, maximum: 253_402_300_799 }),
	data: T.Object({
		object: T.Object({
			object: T.Optional(StoredText),
			id: T.Optional(StoredText),
			// Expanded or not.
			payment_intent: T.Optional(nullable(T.Union([StoredText, T.Object({ id: StoredText })]))),
			metadata: T.Optional(nullable(T.Object({ payment_id: T.Optional(StoredText) })))
		})
	})
});

/**
 * Parses a webhook with Stripe's signature, for both drivers; undefined for an unknown type.
 * @param secret without one, every signature is refused
 * @throws BadSignature; MALFORMED_JSON, VALIDATION_FAILED for a signed body that is invalid
 */
export function signedEvent(
	rawBody: Buffer,
	signature: string | undefined,
	secret: string | undefined
): ProviderEvent | undefined {
	verify(rawBody, signature, secret);
	const message = parse(rawBody);
	if (!handledTypes.test(String((message as { type?: unknown } | null)?.type))) return undefined;
	const found = validate(Message, message);
	if (found.length > 0) fail("VALIDATION_FAILED", "The message is signed, but not an event", found);
	const { id, type, created, data } = message as Static<typeof Message>;
	const payment_id = data.object.metadata?.payment_id ?? null;
	const charge_ref = chargeRefOf(data.object);
	return { id, type, created_at: new Date(created * 1000), payment_id, charge_ref };
}

/** Messages about payment intents are about the charge itself; those about refunds and disputes name it. */
function chargeRefOf(about: Static<typeof Message>["data"]["object"]): string | null {
	if (about.object === "payment_intent") return about.id ?? null;
	const intent = about.payment_intent;
	return (typeof intent === "string" ? intent : intent?.id) ?? null;
}

function verify(body: Buffer, signature: string | undefined, secret: string | undefined): void {
	if (!secret || !signature) throw new BadSignature("The message is not signed");
	try {
		Stripe.webhooks.signature!.verifyHeader(body, signature, secret, toleranceS);
	} catch {
		throw new BadSignature("The signature of the message is wrong");
	}
}

function parse(body: Buffer): unknown {
	try {
		return JSON.parse(body.toString());
	} catch {
		return fail("MALFORMED_JSON");
	}
}
