import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { Contact } from "../../../contracts/user.ts";
import { withJitter } from "../../../lib/backoff.ts";
import { Periodic } from "../../../lib/periodic.ts";
import type { Channel } from "../channel.ts";
import type { Shop } from "../templates/content.templates.ts";
import type { Outcome } from "../notification.decisions.ts";
import { deliver, dispatchesOf } from "./delivery.ts";
import { expireBatchSize, type Claim, type NotificationStore } from "../tracking-store.ts";

export interface DispatcherOptions {
	store: NotificationStore;
	channels: ReadonlyMap<NotificationChannel, Channel>;
	shop: Shop;
	/** How to write to these users, or to all who run the shop. */
	contacts(of: { ids: string[] } | { role: "admin" }): Promise<Contact[]>;
	everyMs: number;
	/** From 0 to 1. */
	chance(): number;
	/** Told of what failed and is tried again. */
	onError(error: Error): void;
	onSettled?(claim: Claim, outcome: Outcome): void;
}

/** All of them are sent at once. */
const batchSize = 16;
/** Longer than a channel may take: until then nobody else sends the message. */
const leaseMs = 60_000;
/** How soon is looked again for whom nobody could ask. */
const contactRetryMs = 2000;
const expireEveryMs = 60_000;

/** Sends what is due. Runs on every node: a claim keeps a message to one of them. */
export class Dispatcher {
	readonly #options: DispatcherOptions;
	readonly #sending: Periodic;
	readonly #expiring: Periodic;
	/** Until when a channel that was asked for too much is left alone, by `performance.now()`. */
	readonly #pausedUntil = new Map<NotificationChannel, number>();

	constructor(options: DispatcherOptions) {
		this.#options = options;
		const { everyMs, onError } = options;
		const sendBatch = async () => (await this.sendDue()) === batchSize;
		const expireBatch = async () => (await options.store.expire()) === expireBatchSize;
		this.#sending = new Periodic({ everyMs, work: sendBatch, onError });
		this.#expiring = new Periodic({ everyMs: expireEveryMs, work: expireBatch, onError });
	}

	start(): void {
		this.#sending.start();
		this.#expiring.start();
	}

	/** Resolves when what is being sent has been settled. */
	async stop(): Promise<void> {
		await Promise.all([this.#sending.stop(), this.#expiring.stop()]);
	}

	/** Sends what is due, so many at most. Answers how many it took. */
	async sendDue(): Promise<number> {
		const claims = await this.#options.store.claim(batchSize, leaseMs);
		if (claims.length === 0) return 0;
		const contacts = await this.#contactsOf(claims);
		await Promise.all(claims.map(claim => this.#send(claim, contacts)));
		return claims.length;
	}

	/** By user; of messages to those who run the shop by null. Undefined when nobody could be asked. */
	async #contactsOf(claims: readonly Claim[]): Promise<Map<string | null, Contact[]> | undefined> {
		const { contacts, onError } = this.#options;
		const personal = claims.filter(({ channel }) => channel !== "sns_topic");
		const owners = new Set(personal.map(({ user_id }) => user_id));
		const ids = [...owners].filter(id => id !== null);
		try {
			const [users, staff] = await Promise.all([
				ids.length > 0 ? contacts({ ids }) : [],
				owners.has(null) ? contacts({ role: "admin" }) : []
			]);
			const byUser = users.map((one): [string | null, Contact[]] => [one.id, [one]]);
			return new Map([...byUser, [null, staff]]);
		} catch (error) {
			onError(error as Error);
			return undefined;
		}
	}

	async #send(claim: Claim, contacts: Map<string | null, Contact[]> | undefined): Promise<void> {
		const { store, onSettled, onError } = this.#options;
		try {
			const outcome = await this.#outcomeOf(claim, contacts);
			if (await store.settle(claim, outcome)) onSettled?.(claim, outcome);
		} catch (error) {
			// When its lease is over somebody takes it again.
			onError(error as Error);
		}
	}

	async #outcomeOf(
		claim: Claim,
		contacts: Map<string | null, Contact[]> | undefined
	): Promise<Outcome> {
		const { channels, shop, chance } = this.#options;
		const later = (inMs: number, reason: string): Outcome => {
			return { state: "pending", inMs, counted: false, reason };
		};
		const channel = channels.get(claim.channel);
		if (!channel)
			return { state: "skipped", reason: "this shop does not use the channel any more" };
		const pausedMs = (this.#pausedUntil.get(claim.channel) ?? 0) - performance.now();
		if (pausedMs > 0)
			return later(Math.ceil(pausedMs + withJitter(1000, chance())), "too many at once");
		if (!contacts && claim.channel !== "sns_topic")
			return later(contactRetryMs, "the address could not be asked for");
		const dispatches = dispatchesOf(claim, contacts?.get(claim.user_id) ?? [], shop);
		const { outcome, refusal } = await deliver(claim, dispatches, channel, chance());
		if (refusal?.kind === "throttled")
			this.#pausedUntil.set(claim.channel, performance.now() + (refusal.retryAfterMs ?? 1000));
		return outcome;
	}
}
