import type { Database, Statement } from "../../db/database.ts";
import type { Dispute, PaymentProvider } from "./provider/provider.ts";

// A dispute that is decided stays so, whichever of two looks is recorded last. The notice and the event are those
// of a change only.
export const record: Statement = {
	name: "dispute.record",
	text: `with p as materialized (
			select id from payment.payments where id = $1 and amount_minor is not null for update),
		d as (
			insert into payment.disputes as d (ref, payment_id, amount_minor, reason, status)
			select $2, id, $3, $4, $5 from p
			on conflict (ref) do update set status = excluded.status, amount_minor = excluded.amount_minor,
				updated_at = clock_timestamp()
			where d.status = 'open' and excluded.status <> 'open'
			returning *),
		changed as (
			update payment.payments c set seq = c.seq + 1, updated_at = clock_timestamp()
			from d where c.id = d.payment_id
			returning c.*),
		e as (
			insert into payment.events (payment_id, seq, type, amount_minor, status, refunded_minor, data, at)
			select c.id, c.seq, 'dispute_' || d.status, d.amount_minor, c.status, c.refunded_minor,
				jsonb_build_object('provider_ref', d.ref, 'reason', d.reason), c.updated_at
			from changed c join d on d.payment_id = c.id)
		insert into payment.notices (order_id, kind, data)
		select c.order_id, case d.status when 'open' then 'dispute_opened' else 'dispute_closed' end,
			jsonb_build_object('ref', d.ref, 'reason', d.reason, 'status', d.status,
				'amount', jsonb_build_object('amount', d.amount_minor, 'currency', c.currency))
		from changed c join d on d.payment_id = c.id
		returning order_id`
};

export interface DisputesOptions {
	pg: Database;
	provider: PaymentProvider;
	/** Called for orders whose payment has a dispute that is new or was decided. */
	onChange(orderIds: string[]): void;
	/** Called for every new dispute: staff must answer it at the provider, within some days. */
	onProblem(level: "error", message: string): void;
}

/**
 * Disputes (chargebacks): the customer's bank takes the money of a charge back. The shop records them, and the order
 * service tells staff and holds the shipment; staff answer them at the provider's dashboard.
 */
export class Disputes {
	readonly #options: DisputesOptions;

	constructor(options: DisputesOptions) {
		this.#options = options;
	}

	/** Looks up the disputes of a payment, after a webhook. */
	async look(payment: { id: string; provider_ref: string | null }): Promise<void> {
		if (payment.provider_ref === null) return;
		const { provider } = this.#options;
		for (const dispute of await provider.disputesOf(payment.provider_ref))
			await this.#record(payment.id, dispute);
	}

	async #record(paymentId: string, { ref, amount, reason, status }: Dispute): Promise<void> {
		const { pg, onChange, onProblem } = this.#options;
		const values = [paymentId, ref, amount.amount, reason, status];
		const changed = await pg.query<{ order_id: string }>(record, values);
		if (changed.length === 0) return;
		onChange(changed.map(({ order_id }) => order_id));
		if (status === "open")
			onProblem("error", `payment ${paymentId} is disputed: ${reason} (${ref})`);
	}
}
