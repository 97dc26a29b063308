import Stripe from "stripe";
import { BadSignature, type ProviderEvent } from "./payment.provider.ts";

/** A message that is older than this (s) may be a recorded one that is played again. */
const toleranceS = 300;

/** Kinds that say that a charge or a refund may have come to its end. */
const heeded = /^(payment_intent|refund)\./;

/**
 * Reads a message that is signed as Stripe signs, by both drivers.
 * @param secret without one, nobody's signature is right
 * @throws BadSignature
 */
export function signedEvent(
	rawBody: Buffer,
	signature: string | undefined,
	secret: string | undefined
): ProviderEvent | undefined {
	const { id, type, created, data } = authentic(rawBody, signature, secret);
	if (!heeded.test(type)) return undefined;
	const { metadata } = data.object as { metadata?: Record<string, string> | null };
	return {
		id,
		type,
		created_at: new Date(created * 1000),
		payment_id: metadata?.payment_id ?? null
	};
}

function authentic(body: Buffer, signature: string | undefined, secret: string | undefined) {
	if (!secret || !signature) throw new BadSignature("The message is not signed");
	try {
		return Stripe.webhooks.constructEvent(body, signature, secret, toleranceS);
	} catch {
		throw new BadSignature("The signature of the message is not right");
	}
}
