import { Engine } from "../../../psp/ledger/engine.ts";
import * as dashboard from "../../../psp/stripe-api/dashboard.ts";
import { ledgerPath } from "./payments.ts";
import type { Shop } from "./use-shop.ts";

/** What staff do at the provider's dashboard, and what banks do, in the ledger of a shop's simulated provider. */
export function dashboardOf(shop: Pick<Shop, "dataDir">) {
	async function act<R>(work: (engine: Engine) => Promise<R | undefined>): Promise<R> {
		const engine = await Engine.open(ledgerPath(shop));
		const done = await work(engine);
		await engine.close();
		if (done === undefined) throw new Error("there is no such charge, refund or dispute");
		return done;
	}

	return {
		/** The customer approves a charge that waits for them. */
		approve: (payment_id: string) => act(engine => engine.answer(`ch_${payment_id}`, "approved")),
		/** All that is left when no amount is given. */
		refund: (payment_id: string, amount?: number) =>
			act(engine => dashboard.refund(engine, { payment_id, ...(amount && { amount }) })),
		/** Changes the newest refund. */
		changeRefund: (payment_id: string, status: "succeeded" | "failed") =>
			act(engine => dashboard.changeRefund(engine, { payment_id, status })),
		dispute: (payment_id: string, amount?: number) =>
			act(engine => dashboard.dispute(engine, { payment_id, ...(amount && { amount }) })),
		decideDispute: (payment_id: string, status: "won" | "lost") =>
			act(engine => dashboard.decideDispute(engine, { payment_id, status }))
	};
}
