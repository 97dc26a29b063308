import { validate } from "uuid";
import type { Database, Statement } from "../../db/database.ts";
import { fail } from "../../lib/errors.ts";
import type { Charges } from "./charges/charges.ts";
import { BadSignature, type PaymentProvider, type ProviderEvent } from "./provider/provider.ts";
import type { Refunds } from "./refunds/refunds.ts";
import type { PaymentRepository } from "./charges/payment.repository.ts";

const receive: Statement = {
	name: "webhook.receive",
	text: `insert into payment.psp_inbox (event_id, type, payment_id, created_at)
		values ($1, $2, $3, $4) on conflict do nothing returning event_id`
};

export interface WebhookOptions {
	pg: Database;
	provider: PaymentProvider;
	payments: PaymentRepository;
	charges: Charges;
	refunds: Refunds;
	/** Called for webhooks about unknown objects. */
	onProblem(level: "warn", message: string): void;
}

/**
 * Webhooks of the provider. They arrive late, twice and in any order, so they do not decide an outcome: each
 * only makes the shop look the charge up (docs/decisions/0015).
 */
export class Webhook {
	readonly #options: WebhookOptions;

	constructor(options: WebhookOptions) {
		this.#options = options;
	}

	/** @throws INVALID_SIGNATURE, before the body is parsed; MALFORMED_JSON, VALIDATION_FAILED */
	async receive(body: Buffer, signature: string | undefined): Promise<void> {
		const event = this.#authentic(body, signature);
		if (event && (await this.#isNew(event))) await this.#wake(event);
	}

	#authentic(body: Buffer, signature: string | undefined): ProviderEvent | undefined {
		try {
			return this.#options.provider.event(body, signature);
		} catch (error) {
			if (error instanceof BadSignature) fail("INVALID_SIGNATURE");
			throw error;
		}
	}

	async #isNew({ id, type, payment_id, created_at }: ProviderEvent): Promise<boolean> {
		const stored = await this.#options.pg.query(receive, [id, type, payment_id, created_at]);
		return stored.length > 0;
	}

	async #wake({ id, type, payment_id }: ProviderEvent): Promise<void> {
		const { payments, charges, refunds, onProblem } = this.#options;
		const row =
			payment_id && validate(payment_id) ? await payments.findById(payment_id) : undefined;
		if (!row) return onProblem("warn", `message ${id} (${type}) is about no payment of this shop`);
		await charges.wake(row);
		await refunds.wake(row);
	}
}
