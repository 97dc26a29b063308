import Stripe from "stripe";
import { newId } from "../../../lib/id.ts";

export const webhookSecret = "whsec_for_tests_only";

/** A webhook of Stripe about one of our charges. */
export function webhookMessage(
	paymentId: string | undefined,
	type = "payment_intent.succeeded",
	over: object = {}
): string {
	return JSON.stringify({
		id: `evt_${newId()}`,
		object: "event",
		type,
		created: Math.floor(Date.now() / 1000),
		data: { object: { id: "pi_1", metadata: paymentId ? { payment_id: paymentId } : {}, ...over } }
	});
}

/** The provider's signature header. @param ageS how long ago it was signed */
export function webhookSignature(payload: string, ageS = 0, secret = webhookSecret): string {
	const timestamp = Math.floor(Date.now() / 1000) - ageS;
	return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
}
