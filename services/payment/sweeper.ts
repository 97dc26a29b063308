import type { Charges } from "./charges/charges.ts";
import type { RefundRepository } from "./refunds/refund.repository.ts";
import type { Refunds } from "./refunds/refunds.ts";
import type { PaymentRepository } from "./charges/payment.repository.ts";

export interface SweeperOptions {
	payments: PaymentRepository;
	charges: Charges;
	repository: RefundRepository;
	refunds: Refunds;
	everyMs: number;
	onError(error: Error): void;
}

/**
 * Looks after what nobody asks for again: refunds of staff that are pending, and charges that came to
 * be although they were voided. Runs on every payment node.
 */
export class Sweeper {
	readonly #options: SweeperOptions;
	#timer: NodeJS.Timeout | undefined;
	#sweeping: Promise<void> = Promise.resolve();

	constructor(options: SweeperOptions) {
		this.#options = options;
	}

	start(): void {
		this.#timer = setTimeout(() => {
			this.#sweeping = this.#sweep()
				.catch(this.#options.onError)
				.then(() => {
					if (this.#timer) this.start();
				});
		}, this.#options.everyMs);
	}

	async stop(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		await this.#sweeping;
	}

	async #sweep(): Promise<void> {
		const { payments, charges, repository, refunds, onError } = this.#options;
		await charges.reconcileVoided(await payments.claimVoided(32));
		await refunds.finishAll(await repository.claim(32));
		for (const orderId of await repository.chargedThoughVoided(8))
			await refunds.refundRemaining(orderId, "charged though voided").catch(onError);
	}
}
