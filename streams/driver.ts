/**
 * A durable, partitioned log for events. Messages of one key are in one partition and in order. Delivery is
 * at least once; the consumer applies each event once, because it stores its position together with its
 * effects and tells the driver where to continue.
 */

export interface Outgoing {
	key: string;
	value: string | Buffer;
	headers?: Readonly<Record<string, string>>;
}

export interface Message {
	topic: string;
	partition: number;
	offset: bigint;
	/** Null only in messages of other writers. */
	key: string | null;
	/** The bytes as written; the reader decides whether they are text. */
	value: Buffer;
	headers: Readonly<Record<string, string>>;
	/**
	 * When the log took it, by the log's clock. In Postgres it is not before that of an earlier message, unless the clock
	 * stepped back by more than a day.
	 */
	at: Date;
}

/** Consecutive messages of one partition, in order. */
export interface Batch {
	topic: string;
	partition: number;
	/** Never empty. */
	messages: readonly Message[];
	/** Known offset of the next message to be written to the partition. */
	end: bigint;
	/** The partition was revoked, or the subscription is being stopped. */
	isStale(): boolean;
}

/**
 * The next offset is not in the log: its message was lost or has expired. In a compacted topic it may only
 * have been replaced.
 */
export class OffsetLost extends Error {
	constructor(topic: string, partition: number, wanted: bigint, first: bigint) {
		super(
			`${topic}/${partition} has no offset ${wanted}: it is read on from its oldest message, ${first}`
		);
	}
}

/** It was never created, or it was lost with a log. */
export class NoSuchTopic extends Error {
	constructor(topic: string) {
		super(`There is no topic ${topic}`);
	}
}

export interface SubscribeOptions {
	/** Each partition is assigned to one of its members. */
	group: string;
	topics: readonly string[];
	/** Called for each partition that is assigned to this member. Undefined: from the oldest message on. */
	position(topic: string, partition: number): Promise<bigint | undefined>;
	/**
	 * One call per partition at a time, without a time limit: the member sends heartbeats by itself. Returns the
	 * offset to continue at, usually the one after the last message. When it rejects, the same messages are
	 * delivered again after a pause.
	 */
	onBatch(batch: Batch): Promise<bigint>;
	/** Called with failures that are retried, and, as `OffsetLost`, with messages that will never be read. */
	onError(error: Error): void;
	/** Called with the partitions of this member whenever they change. */
	onAssigned?(partitions: readonly { topic: string; partition: number }[]): void;
}

export interface Subscription {
	/** Calls `position` again for the partitions of this member, after their current batches. */
	reposition(): void;
	/** Resolves when no call of `onBatch` is running, and none will be made. */
	stop(): Promise<void>;
}

export interface TopicSpec {
	name: string;
	partitions: number;
	/** `compact` keeps the last message of every key. */
	cleanup: "delete" | "compact";
	/** How long a message is kept at least; ignored for compacted topics. */
	retentionMs: number;
}

/** The content of a partition: offsets from `first` up to, but excluding, `next`. */
export interface Extent {
	partition: number;
	first: bigint;
	next: bigint;
}

export interface Driver {
	readonly kind: "kafka" | "postgres";
	/** Creates missing topics; existing ones are left as they are. */
	createTopics(topics: readonly TopicSpec[]): Promise<void>;
	/**
	 * Resolves when all are stored durably enough to survive the crash of one machine. When it rejects, any of
	 * them may be stored, so publishing again may duplicate them.
	 * @throws Error also for a topic that does not exist
	 */
	publish(topic: string, messages: readonly Outgoing[]): Promise<void>;
	subscribe(options: SubscribeOptions): Promise<Subscription>;
	/**
	 * By partition. @param options `apart`: over a connection that other users of the log cannot use up
	 * @throws NoSuchTopic
	 */
	extents(topic: string, options?: { apart?: boolean }): Promise<Extent[]>;
	/** By partition: the offset of the first message whose time in the log is this one or later. */
	offsetsAt(topic: string, at: Date): Promise<Map<number, bigint>>;
	/** Deletes what the log stores of a group without members. */
	deleteGroup(group: string): Promise<void>;
	/** Ends all subscriptions and connections. */
	close(): Promise<void>;
}
