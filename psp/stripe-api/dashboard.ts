import { randomBytes } from "node:crypto";
import type { Charge } from "../ledger/charge.ts";
import type { Engine } from "../ledger/engine.ts";
import { oneOf, strictObject, T, type Static } from "../../lib/schema.ts";

/** What staff of a shop do at Stripe's dashboard, and what banks do: control endpoints of the simulator. */

const charge = { payment_id: T.String({ description: "The shop's id of the payment" }) };
const amount = T.Optional(T.Integer({ minimum: 1, description: "Minor units; all that is left" }));

export const NewRefund = strictObject({ ...charge, amount });
/** The newest refund of the payment. */
export const ChangedRefund = strictObject({ ...charge, status: oneOf(["succeeded", "failed"]) });
export const NewDispute = strictObject({ ...charge, amount, reason: T.Optional(T.String()) });
/** The newest dispute of the payment. */
export const DecidedDispute = strictObject({ ...charge, status: oneOf(["won", "lost"]) });

function chargeOf({ state }: Engine, paymentId: string): Charge | undefined {
	return state.tagged("payment_id", paymentId).find(({ status }) => status === "succeeded");
}

/** Refunds at the dashboard: without the shop's metadata. Undefined if there is no such charge. */
export async function refund(
	engine: Engine,
	{ payment_id, amount: asked }: Static<typeof NewRefund>
) {
	const of = chargeOf(engine, payment_id);
	if (!of) return undefined;
	const { ref: charge_ref, currency, amount: charged } = of.line;
	const ref = `re_${randomBytes(12).toString("hex")}`;
	const reason = "requested_by_customer";
	const rest = { charge_ref, currency, reason, metadata: {}, asked: null };
	const { refund: made } = await engine.refund({
		key: ref,
		ref,
		amount: asked ?? charged - of.refunded,
		...rest
	});
	return made;
}

export async function changeRefund(
	engine: Engine,
	{ payment_id, status }: Static<typeof ChangedRefund>
) {
	const of = chargeOf(engine, payment_id);
	const last = of && engine.state.refundsOf(of.line.ref).findLast(({ refused }) => !refused);
	return last && engine.updateRefund(last.line.key, status);
}

export async function dispute(
	engine: Engine,
	{ payment_id, amount: asked, reason = "fraudulent" }: Static<typeof NewDispute>
) {
	const of = chargeOf(engine, payment_id);
	if (!of) return undefined;
	const { ref: charge_ref, currency, amount: charged } = of.line;
	const ref = `dp_${randomBytes(12).toString("hex")}`;
	return engine.dispute({ ref, charge_ref, amount: asked ?? charged, currency, reason });
}

export async function decideDispute(
	engine: Engine,
	{ payment_id, status }: Static<typeof DecidedDispute>
) {
	const of = chargeOf(engine, payment_id);
	const last = of && engine.state.disputesOf(of.line.ref).at(-1);
	return last && engine.closeDispute(last.line.ref, status);
}
