import { randomBytes } from "node:crypto";
import type { Call } from "./call.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import { textOf, textsOf } from "./form.ts";
import { refusedRefund } from "./amounts/currency-rules.ts";
import type { Refund } from "../ledger/charge.ts";
import type { RefundLine } from "../ledger/lines.ts";
import { testMethod } from "../ledger/payment-methods.ts";
import { page } from "./pagination.ts";
import { missing, wrong, type Refusal } from "./stripe-errors.ts";
import { disputeObject, refundObject } from "./stripe-objects.ts";

/** `/v1/refunds`: created, retrieved, listed by payment intent; `/v1/disputes`: listed. */

export async function createRefund(context: ApiContext, call: Call): Promise<Reply> {
	const { form, fault } = call;
	const { state } = context.engine;
	const charge_ref = textOf(form, "payment_intent") ?? "";
	const charge = state.charge(charge_ref);
	if (!charge) throw missing("payment_intent", charge_ref, "payment_intent");
	const { currency, amount: charged, payment_method } = charge.line;
	const amount = Number(textOf(form, "amount") ?? charged - charge.refunded);
	if (!Number.isInteger(amount) || amount < 0)
		throw wrong("amount", "Invalid positive integer", "parameter_invalid_integer");
	const refused = refusedRefund(amount, charge.line);
	if (refused) throw refused;
	return context.idempotency.once(call, {
		fault: { ...testMethod(payment_method)?.refund, ...fault },
		async run(asked) {
			const ref = `re_${randomBytes(12).toString("hex")}`;
			const reason = textOf(form, "reason") ?? "requested_by_customer";
			const rest = { charge_ref, amount, currency, reason, metadata: textsOf(form, "metadata") };
			const { line } = await context.engine.refund({ key: ref, ref, ...rest, asked });
			return { line, charge: undefined };
		},
		answer: ({ line }) => madeReply(context, line as RefundLine)
	});
}

function madeReply({ engine }: ApiContext, line: RefundLine): Reply {
	const { refused, status } = engine.state.refunds.get(line.key)!;
	if (refused) return { status: 400, body: { error: refusal(refused, line).error } };
	// The response to a request that is repeated has the status that the refund began with.
	const first = line.status ?? "succeeded";
	return {
		status: 200,
		body: refundObject({ line, refused, status: line.status ? first : status })
	};
}

function refusal(code: string, { charge_ref, amount }: RefundLine): Refusal {
	if (code === "charge_not_found")
		return wrong("payment_intent", `The PaymentIntent ${charge_ref} has no successful charge.`);
	if (code === "charge_disputed")
		return wrong("payment_intent", "The charge is disputed, and cannot be refunded.", code);
	// Stripe gives this refusal no code.
	return wrong("amount", `Refund amount (${amount}) is greater than unrefunded amount on charge.`);
}

export async function showRefund(context: ApiContext, { id }: Call): Promise<Reply> {
	const made = madeRefunds(context).find(({ line }) => line.ref === id);
	if (!made) throw missing("refund", id, "refund");
	return { status: 200, body: refundObject(made) };
}

export async function listRefunds(context: ApiContext, { form, path }: Call): Promise<Reply> {
	const intent = textOf(form, "payment_intent");
	const found = madeRefunds(context, intent);
	return { status: 200, body: page(found, ({ line }) => line.ref, form, path, refundObject) };
}

export async function listDisputes({ engine }: ApiContext, { form, path }: Call): Promise<Reply> {
	const { state } = engine;
	const intent = textOf(form, "payment_intent");
	const found = intent === undefined ? [...state.disputes.values()] : state.disputesOf(intent);
	return { status: 200, body: page(found, ({ line }) => line.ref, form, path, disputeObject) };
}

function madeRefunds({ engine }: ApiContext, intent?: string): Refund[] {
	const { state } = engine;
	const all = intent === undefined ? [...state.refunds.values()] : state.refundsOf(intent);
	return all.filter(({ refused }) => !refused);
}
