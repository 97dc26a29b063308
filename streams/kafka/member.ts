import { reconnectPauseMs, retry } from "../../lib/retry.ts";
import type { Subscription } from "../driver.ts";
import type { KafkaSubscription } from "./kafka.subscription.ts";

/**
 * Stays a member of its group until it is stopped. kafkajs stops a consumer for good when the group's
 * coordinator does not respond for half a minute; then another consumer is started.
 */
export class KafkaMember implements Subscription {
	readonly #make: (onCrash: (error: Error) => void) => KafkaSubscription;
	readonly #onError: (error: Error) => void;
	readonly #stopping = new AbortController();
	#current: KafkaSubscription | undefined;
	#following: Promise<void> = Promise.resolve();

	/** @param make a subscription that is not started yet */
	constructor(
		make: (onCrash: (error: Error) => void) => KafkaSubscription,
		onError: (error: Error) => void
	) {
		this.#make = make;
		this.#onError = onError;
	}

	/** @throws Error also for a topic that does not exist */
	async start(): Promise<void> {
		const subscription = this.#make(error => this.#follow(error));
		try {
			await subscription.start();
		} catch (error) {
			await subscription.stop();
			throw error;
		}
		this.#current = subscription;
	}

	reposition(): void {
		this.#current?.reposition();
	}

	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#following;
		await this.#current?.stop();
	}

	#follow(error: Error): void {
		this.#onError(error);
		this.#following = this.#following.then(() => this.#restart());
	}

	/** When the previous one has no batch running any more. */
	async #restart(): Promise<void> {
		await this.#current?.stop();
		await retry(() => this.start(), {
			pauseMs: reconnectPauseMs,
			signal: this.#stopping.signal,
			onError: this.#onError
		});
	}
}
