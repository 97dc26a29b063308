import type { OrderStreamEvent } from "../../contracts/events.ts";
import type {
	NotificationChannel,
	NotificationKind,
	NotificationState
} from "../../contracts/notification.ts";
import type { StockFact } from "./templates/content.templates.ts";
import type { Outcome } from "./notification.decisions.ts";

/** What happened, as it is kept: an event without its envelope. */
export type StoredFact =
	Pick<OrderStreamEvent, "type" | "time" | "data"> | (Omit<StockFact, "at"> & { time: string });

/** A message that is to be sent. */
export interface NewNotification {
	/** UUIDv5 of the event and the channel. */
	id: string;
	event_id: string;
	channel: NotificationChannel;
	kind: NotificationKind;
	/** Null: all who run the shop. */
	user_id: string | null;
	order_id: string | null;
	fact: StoredFact;
}

export interface StoredNotification extends NewNotification {
	/** When it happened; rows are listed by it. */
	occurred_at: Date;
	state: NotificationState;
	/** Since it was last asked for. */
	attempts: number;
	/** How often somebody had it sent anew. */
	resends: number;
	reason: string | null;
	provider_id: string | null;
	sent_at: Date | null;
	created_at: Date;
	updated_at: Date;
}

/** A message that this node, and no other, may send until the lease is over. */
export interface Claim extends NewNotification {
	/** This one included. */
	attempts: number;
	resends: number;
	fence: number;
}

export interface Position {
	at: Date;
	id: string;
}

/** Rows are gone so long after their event; older events are not told any more. */
export const keptDays = 90;
/** In one go, where the store itself does not do it: a statement must not take long. */
export const expireBatchSize = 1000;

/**
 * What is known of messages: which there are, who sends them, what came of it. Whatever happens, each
 * event and channel has one, and one that was settled stays so.
 */
export interface NotificationStore {
	/** Adds those that are new, due at once; answers their ids. An event too old to be told is left out. */
	plan(messages: readonly NewNotification[]): Promise<string[]>;
	/** Takes messages that are due, the longest due first. */
	claim(limit: number, leaseMs: number): Promise<Claim[]>;
	/** Takes this one, if it is due. */
	claimOne(id: string, leaseMs: number): Promise<Claim | undefined>;
	/** False when another node has taken it since: then nothing changes. */
	settle(claim: Claim, outcome: Outcome): Promise<boolean>;
	/** Gives back what was not tried, for others to take at once. */
	release(claim: Claim): Promise<void>;
	/** @param owner undefined: anyone */
	get(id: string, owner?: string): Promise<StoredNotification | undefined>;
	/** Newest event first. */
	list(
		owner: string | undefined,
		after: Position | undefined,
		limit: number
	): Promise<StoredNotification[]>;
	/** Sends it again, or now where it waits; undefined when there is none. */
	resend(id: string): Promise<StoredNotification | undefined>;
	/** Removes what is too old, `expiredAtOnce` at most; answers how many. */
	expire(): Promise<number>;
}
