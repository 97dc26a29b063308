import type { Stripe } from "stripe";
import { longestOfProvider } from "../../../../contracts/payment.ts";
import { cutText } from "../../../../lib/text/cut-text.ts";
import type {
	Dispute,
	ListedRefund,
	Method,
	Outcome,
	RefundOutcome,
	StatementLine
} from "../provider.ts";
import { fromStripe } from "../amount-mapping.ts";

/** Maps Stripe's objects to the shop's types. */

const ownCode = (code: string) => cutText(code, longestOfProvider.code);

/** Stripe's two codes as one: the bank's decline code if there is one, else Stripe's code. */
export function failureCode(error: { code?: string | null; decline_code?: string | null }): string {
	const { code, decline_code } = error;
	return ownCode(
		(decline_code === "generic_decline" ? null : decline_code) ?? code ?? "card_declined"
	);
}

export function methodOf(
	card: { brand?: string | null; last4?: string | null } | undefined | null
) {
	const { brand = null, last4 = null } = card ?? {};
	return {
		brand: brand && cutText(brand, longestOfProvider.brand),
		last4: last4 && cutText(last4, longestOfProvider.last4)
	};
}

function chargeOf({ latest_charge }: Stripe.PaymentIntent): Stripe.Charge | undefined {
	return typeof latest_charge === "object" && latest_charge ? latest_charge : undefined;
}

function methodUsed(intent: Stripe.PaymentIntent): Method {
	const used = chargeOf(intent)?.payment_method_details?.card;
	return methodOf(used ?? intent.last_payment_error?.payment_method?.card);
}

export function outcomeOf(intent: Stripe.PaymentIntent): Outcome {
	const { id: ref, status, next_action, last_payment_error } = intent;
	const url = next_action?.redirect_to_url?.url;
	const taken = fromStripe(intent.amount_received, intent.currency);
	switch (status) {
		case "succeeded":
			return { status: "succeeded", ref, method: methodUsed(intent), amount: taken };
		case "canceled":
		case "requires_payment_method": {
			const code = last_payment_error ? failureCode(last_payment_error) : "canceled";
			return { status: "failed", ref, code, method: methodUsed(intent) };
		}
		case "requires_action":
			return url ? { status: "action_required", ref, url } : { status: "processing" };
		default:
			return { status: "processing" };
	}
}

export function refundOutcomeOf({ id, status, failure_reason }: Stripe.Refund): RefundOutcome {
	if (status === "succeeded") return { status, ref: id };
	if (status === "failed" || status === "canceled")
		return { status: "failed", code: ownCode(failure_reason ?? status) };
	return { status: "pending" };
}

export function listedRefundOf(refund: Stripe.Refund): ListedRefund {
	const { id: ref, amount, currency, metadata } = refund;
	return {
		key: metadata?.refund_id ?? null,
		ref,
		amount: fromStripe(amount, currency),
		outcome: refundOutcomeOf(refund)
	};
}

/** An inquiry (`warning_…`) takes no money yet, but often becomes a dispute (docs.stripe.com/disputes/how-disputes-work). */
export function disputeOf({ id: ref, amount, currency, reason, status }: Stripe.Dispute): Dispute {
	const isWon = status === "won" || status === "warning_closed" || status === "prevented";
	return {
		ref,
		amount: fromStripe(amount, currency),
		reason: ownCode(reason),
		status: status === "lost" ? "lost" : isWon ? "won" : "open"
	};
}

export function statementLineOf(intent: Stripe.PaymentIntent): StatementLine {
	const { amount, currency } = intent;
	const { payment_id = null, order_id = null } = intent.metadata;
	return {
		payment_id,
		order_id,
		ref: intent.id,
		status: outcomeOf(intent).status,
		amount: fromStripe(amount, currency),
		refunded: fromStripe(chargeOf(intent)?.amount_refunded ?? 0, currency)
	};
}
