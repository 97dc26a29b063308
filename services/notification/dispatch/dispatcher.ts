import { notificationChannels, type NotificationChannel } from "../../../contracts/notification.ts";
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
	/** Contact data of these users, or of all admins. */
	contacts(of: { ids: string[] } | { role: "admin" }): Promise<Contact[]>;
	everyMs: number;
	/** From 0 to 1. */
	chance(): number;
	/** Called with failures that are retried. */
	onError(error: Error): void;
	onSettled?(claim: Claim, outcome: Outcome): void;
}

/** For a channel that is not configured, which sends nothing. */
const skippedAtOnce = 64;
/** Longer than a channel may take: until then no other node sends the message. */
const leaseMs = 60_000;
/** Retry delay when the address could not be read. */
const contactRetryMs = 2000;
const expireEveryMs = 60_000;

/** Sends pending messages. Runs on every node: a claim gives a message to one of them. */
export class Dispatcher {
	readonly #options: DispatcherOptions;
	/** One for each channel, so that one that hangs does not delay the others. */
	readonly #sending: readonly Periodic[];
	readonly #expiring: Periodic;
	/** Until when a throttling channel is paused, by `performance.now()`. */
	readonly #pausedUntil = new Map<NotificationChannel, number>();

	constructor(options: DispatcherOptions) {
		this.#options = options;
		const { everyMs, onError } = options;
		const expireBatch = async () => (await options.store.expire()) === expireBatchSize;
		this.#sending = notificationChannels.map(channel => {
			const sendBatch = async () => (await this.#sendDue(channel)) === this.#batchSizeOf(channel);
			return new Periodic({ everyMs, work: sendBatch, onError });
		});
		this.#expiring = new Periodic({ everyMs: expireEveryMs, work: expireBatch, onError });
	}

	start(): void {
		for (const sending of this.#sending) sending.start();
		this.#expiring.start();
	}

	/** Resolves when messages that are being sent have been settled. */
	async stop(): Promise<void> {
		await Promise.all([...this.#sending, this.#expiring].map(periodic => periodic.stop()));
	}

	/** Sends a batch of pending messages of each channel. Returns how many it claimed. */
	async sendDue(): Promise<number> {
		const counts = await Promise.all(notificationChannels.map(channel => this.#sendDue(channel)));
		return counts.reduce((sum, count) => sum + count, 0);
	}

	#batchSizeOf(channel: NotificationChannel): number {
		return this.#options.channels.get(channel)?.maxInFlight ?? skippedAtOnce;
	}

	async #sendDue(channel: NotificationChannel): Promise<number> {
		const claims = await this.#options.store.claim(channel, this.#batchSizeOf(channel), leaseMs);
		if (claims.length === 0) return 0;
		const contacts = await this.#contactsOf(claims);
		await Promise.all(claims.map(claim => this.#send(claim, contacts)));
		return claims.length;
	}

	/** By user; messages to admins under null. Undefined when the user service is unavailable. */
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
			// When its lease expires it is claimed again.
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
		if (!channel) return { state: "skipped", reason: "the channel is not configured any more" };
		const pausedMs = (this.#pausedUntil.get(claim.channel) ?? 0) - performance.now();
		if (pausedMs > 0)
			return later(Math.ceil(pausedMs + withJitter(1000, chance())), "too many at once");
		if (!contacts && claim.channel !== "sns_topic")
			return later(contactRetryMs, "the address could not be read");
		const dispatches = dispatchesOf(claim, contacts?.get(claim.user_id) ?? [], shop);
		const { outcome, refusal } = await deliver(claim, dispatches, channel, chance());
		if (refusal?.kind === "throttled")
			this.#pausedUntil.set(claim.channel, performance.now() + (refusal.retryAfterMs ?? 1000));
		return outcome;
	}
}
