import type { ServiceBroker } from "moleculer";
import { payment, type Decision, type Payment, type Review } from "../../contracts/payment.ts";
import { format } from "../../lib/money.ts";
import { call } from "../../lib/service.ts";
import { asOperator } from "./operator-identity.ts";

/** REPL commands about payments and refunds in review. */

function reviewLine({ id, kind, order_id, amount, reason, provider_ref, since }: Review): string {
	const known = provider_ref ? `, the provider's ${provider_ref}` : "";
	return `${id}  ${kind} of ${format(amount)} (${reason})  order ${order_id}${known}, since ${since}`;
}

function paymentLine({ id, status, amount, refunded, refunds }: Payment): string {
	const back = refunds.map(refund => `${format(refund.amount)} ${refund.status}`).join(", ");
	const details = back ? ` (${back})` : "";
	return `${id}  ${status}  ${format(amount)}, refunded ${format(refunded)}${details}`;
}

export async function showReviews(broker: ServiceBroker): Promise<void> {
	const { data } = await call(broker, payment.actions["review.list"], { limit: 100 }, asOperator);
	for (const review of data) console.log(reviewLine(review));
	if (data.length === 0) console.log("No payment or refund is in review.");
}

/** Arguments: what was found out at the provider; the contract validates them. */
export async function decideReview(
	broker: ServiceBroker,
	{ id = "", decision = "", note = "", ref }: Record<string, string>
): Promise<void> {
	const params = { id, decision: decision as Decision, note, ...(ref && { provider_ref: ref }) };
	const decided = await call(broker, payment.actions["review.decide"], params, asOperator);
	console.log(paymentLine(decided));
}
