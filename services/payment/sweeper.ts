import { Periodic } from "../../lib/periodic.ts";
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

const [chargeLimit, refundLimit, voidedLimit] = [32, 32, 8];

/**
 * Finishes pending refunds requested by staff, and refunds charges that succeeded although they had been
 * voided: no saga asks for these. Runs on every payment node.
 */
export class Sweeper {
	readonly #options: SweeperOptions;
	readonly #periodic: Periodic;

	constructor(options: SweeperOptions) {
		this.#options = options;
		const { everyMs, onError } = options;
		this.#periodic = new Periodic({ everyMs, work: () => this.#sweep(), onError });
	}

	start(): void {
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}

	async #sweep(): Promise<void> {
		const { payments, charges, repository, refunds, onError } = this.#options;
		await charges.reconcileVoided(await payments.claimVoided(chargeLimit));
		await refunds.finishAll(await repository.claim(refundLimit));
		for (const orderId of await repository.chargedThoughVoided(voidedLimit))
			await refunds.refundRemaining(orderId, "charged though voided").catch(onError);
	}
}
