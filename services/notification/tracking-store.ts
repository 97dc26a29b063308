import type {
	NotificationChannel,
	NotificationKind,
	NotificationState
} from "../../contracts/notification.ts";
import type { Fact } from "./templates/facts.templates.ts";
import type { Outcome } from "./notification.decisions.ts";
import type { TimePosition } from "../../lib/keyset.ts";

/** A stored event, without its envelope. */
export type StoredFact = Stored<Fact>;
type Stored<F extends Fact> = F extends Fact ? Pick<F, "type" | "data"> & { time: string } : never;

/** A message to be sent. */
export interface NewNotification {
	/** UUIDv5 of the event and the channel. */
	id: string;
	event_id: string;
	channel: NotificationChannel;
	kind: NotificationKind;
	/** Null: all admins. */
	user_id: string | null;
	order_id: string | null;
	fact: StoredFact;
}

export interface StoredNotification extends NewNotification {
	/** Event time; rows are listed by it. */
	occurred_at: Date;
	state: NotificationState;
	/** Since it was last requested. */
	attempts: number;
	/** How often it was resent. */
	resends: number;
	reason: string | null;
	provider_id: string | null;
	sent_at: Date | null;
	created_at: Date;
	updated_at: Date;
}

/** A message that only this node may send until the lease expires. */
export interface Claim extends NewNotification {
	/** Including this one. */
	attempts: number;
	resends: number;
	fence: number;
}

export interface Backlog {
	channel: NotificationChannel;
	count: number;
	/** Since the oldest one was due; 0 without one. */
	seconds: number;
}

/** Rows expire so long after their event; no messages are sent about older events. */
export const keptDays = 90;
/** Rows per statement, to keep it short. */
export const expireBatchSize = 1000;

/**
 * Messages with their delivery status. Each event and channel has one message, and a settled message stays
 * settled.
 */
export interface NotificationStore {
	/** Adds new ones, due immediately; returns their ids. Expired ones are omitted. */
	plan(messages: readonly NewNotification[]): Promise<string[]>;
	/** Claims messages of a channel that are due, the longest due first. */
	claim(channel: NotificationChannel, limit: number, leaseMs: number): Promise<Claim[]>;
	/** Claims this one, if it is due. */
	claimOne(id: string, leaseMs: number): Promise<Claim | undefined>;
	/** False, without a change, when another node has claimed it since. */
	settle(claim: Claim, outcome: Outcome): Promise<boolean>;
	/** @param owner undefined: of any user */
	get(id: string, owner?: string): Promise<StoredNotification | undefined>;
	/** Newest event first. */
	list(
		owner: string | undefined,
		after: TimePosition | undefined,
		limit: number
	): Promise<StoredNotification[]>;
	/** Resends it, or sends it now if it is pending; undefined when there is none. */
	resend(id: string): Promise<StoredNotification | undefined>;
	/** Of each channel, the messages that are due and not sent, counted up to a limit of the store. */
	backlog(): Promise<Backlog[]>;
	/** Removes expired messages, at most `expireBatchSize`; returns how many. */
	expire(): Promise<number>;
	/** Ends the connections that it has of its own. */
	close(): void;
}
