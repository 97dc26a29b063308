import { failpoint } from "../../../lib/failpoint.ts";
import { Periodic } from "../../../lib/periodic.ts";
import type { WebhookClient } from "../requests/webhook-client.ts";
import { signedHeaders } from "../requests/signature.ts";
import { outcomeOf, type Attempt, type Outcome } from "../webhook.decisions.ts";
import type { Claim } from "./delivery-row.ts";
import { expireBatchSize, type DeliveryRepository } from "./delivery.repository.ts";

export interface SenderOptions {
	deliveries: Pick<DeliveryRepository, "claim" | "settle" | "expire">;
	client: Pick<WebhookClient, "post">;
	retryDelaysMs: readonly number[];
	everyMs: number;
	/** From 0 to 1. */
	chance(): number;
	/** Called with failures that are retried. */
	onError(error: Error): void;
	onSettled?(claim: Claim, attempt: Attempt, outcome: Outcome): void;
}

/** Requests to one endpoint at one time, of this node. Others do not wait for it: there are 50 endpoints at most. */
const mostOfEndpoint = 8;
/** Longer than a request and its settlement may take: until then no other node sends the delivery. */
const leaseMs = 60_000;
const expireEveryMs = 60_000;

/** Sends what is due. Runs on every node: a claim gives a delivery to one of them. */
export class WebhookSender {
	readonly #options: SenderOptions;
	readonly #claiming: Periodic;
	readonly #expiring: Periodic;
	readonly #running = new Set<Promise<void>>();
	/** How many requests are on their way, by endpoint. */
	readonly #sending = new Map<string, number>();

	constructor(options: SenderOptions) {
		this.#options = options;
		const { everyMs, onError, deliveries } = options;
		this.#claiming = new Periodic({ everyMs, work: () => this.#claim(), onError });
		this.#expiring = new Periodic({
			everyMs: expireEveryMs,
			work: async () => (await deliveries.expire()) === expireBatchSize,
			onError
		});
	}

	start(): void {
		this.#claiming.start();
		this.#expiring.start();
	}

	/** Claims at once what is due. */
	nudge(): void {
		this.#claiming.nudge();
	}

	/** Claims no more. */
	async stopClaiming(): Promise<void> {
		await Promise.all([this.#claiming.stop(), this.#expiring.stop()]);
	}

	/** Resolves when the requests that are on their way have been settled. */
	async stop(): Promise<void> {
		await this.stopClaiming();
		await Promise.all(this.#running);
	}

	async #claim(): Promise<void> {
		const room = { perEndpoint: mostOfEndpoint, sending: this.#sending };
		for (const claim of await this.#options.deliveries.claim(room, leaseMs)) {
			const work: Promise<void> = this.#sendClaimed(claim).finally(() => {
				this.#running.delete(work);
				// There may be more of this endpoint.
				this.#claiming.nudge();
			});
			this.#running.add(work);
		}
	}

	async #sendClaimed(claim: Claim): Promise<void> {
		const { endpoint_id } = claim;
		const count = (by: number) => {
			const sending = (this.#sending.get(endpoint_id) ?? 0) + by;
			if (sending > 0) this.#sending.set(endpoint_id, sending);
			else this.#sending.delete(endpoint_id);
		};
		count(1);
		try {
			await this.#send(claim);
		} catch (error) {
			// When its lease expires it is claimed again.
			this.#options.onError(error as Error);
		} finally {
			count(-1);
		}
	}

	async #send(claim: Claim): Promise<void> {
		const { client, deliveries, retryDelaysMs, chance, onSettled } = this.#options;
		await failpoint("webhook.send.before_request");
		const attempt = await client.post(claim.url, signedHeaders(claim), claim.body);
		await failpoint("webhook.send.after_request");
		const outcome = outcomeOf(attempt, claim.attempts, retryDelaysMs, chance());
		if (await deliveries.settle({ claim, attempt, outcome })) onSettled?.(claim, attempt, outcome);
		await failpoint("webhook.settle.after_commit");
	}
}
