import { reconnectPauseMs, retry } from "../../lib/retry.ts";
import type { Subscription } from "../driver.ts";
import type { KafkaSubscription } from "./kafka.subscription.ts";

/**
 * Stays a member of its group for as long as it is wanted. kafkajs gives a consumer up for good when
 * nobody answers for the group for half a minute; it is followed by another then.
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

	/** When the one before has nothing in hand any more. */
	async #restart(): Promise<void> {
		await this.#current?.stop();
		await retry(() => this.start(), {
			pauseMs: reconnectPauseMs,
			signal: this.#stopping.signal,
			onError: this.#onError
		});
	}
}
