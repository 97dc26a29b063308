import { validate } from "uuid";
import type { Database, Statement } from "../../db/database.ts";
import { fail } from "../../lib/errors.ts";
import type { Charges } from "./charges/charges.ts";
import { BadSignature, type PaymentProvider, type ProviderEvent } from "./provider/provider.ts";
import type { Refunds } from "./refunds/refunds.ts";
import type { PaymentRepository, PaymentRow } from "./charges/payment.repository.ts";
import type { Disputes } from "./disputes.ts";

export const find: Statement = {
	name: "webhook.find",
	text: "select event_id from payment.psp_inbox where event_id = $1"
};
export const record: Statement = {
	name: "webhook.record",
	text: `insert into payment.psp_inbox (event_id, type, payment_id, created_at)
		values ($1, $2, $3, $4) on conflict do nothing`
};

export interface WebhookOptions {
	pg: Database;
	provider: PaymentProvider;
	payments: PaymentRepository;
	charges: Charges;
	refunds: Refunds;
	disputes: Disputes;
	/** Called for webhooks about unknown objects. */
	onProblem(level: "warn", message: string): void;
}

/**
 * Webhooks of the provider. They arrive late, twice and in any order, so they do not decide an outcome: each
 * only makes the shop look the charge up (docs/decisions/0015). An event is recorded after the look and not before:
 * when the look fails, the provider sends the event again, for days.
 */
export class Webhook {
	readonly #options: WebhookOptions;

	constructor(options: WebhookOptions) {
		this.#options = options;
	}

	/**
	 * @throws INVALID_SIGNATURE, before the body is parsed; MALFORMED_JSON, VALIDATION_FAILED; UNAVAILABLE when the
	 *   event has to be sent again
	 */
	async receive(body: Buffer, signature: string | undefined): Promise<void> {
		const event = this.#authentic(body, signature);
		if (!event) return;
		const { pg } = this.#options;
		const { id, type, payment_id, created_at } = event;
		if ((await pg.query(find, [id])).length > 0) return;
		await this.#wake(event);
		await pg.query(record, [id, type, payment_id, created_at]);
	}

	#authentic(body: Buffer, signature: string | undefined): ProviderEvent | undefined {
		try {
			return this.#options.provider.event(body, signature);
		} catch (error) {
			if (error instanceof BadSignature) fail("INVALID_SIGNATURE");
			throw error;
		}
	}

	async #wake(event: ProviderEvent): Promise<void> {
		const { charges, refunds, disputes, onProblem } = this.#options;
		const { id, type } = event;
		const row = await this.#paymentOf(event);
		if (!row) return onProblem("warn", `message ${id} (${type}) is about no payment of this shop`);
		if (type.startsWith("charge.dispute.")) return disputes.look(row);
		await charges.wake(row);
		if (!type.startsWith("payment_intent.")) await refunds.wake(row);
	}

	/** What the shop requested has the payment's id; what was done at the provider has only its charge. */
	async #paymentOf({ payment_id, charge_ref }: ProviderEvent): Promise<PaymentRow | undefined> {
		const { payments } = this.#options;
		const byId = payment_id && validate(payment_id) && (await payments.findById(payment_id));
		return byId || (charge_ref ? payments.findByRef(charge_ref) : undefined);
	}
}
