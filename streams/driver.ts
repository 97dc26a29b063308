/**
 * A durable, partitioned log, which the order events travel on. Messages of one key are in one
 * partition and keep their order. Delivery is at least once; what makes an effect happen once is the
 * consumer, which keeps its position together with its effects and tells the driver where to go on.
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
	/** Null only in what others have written. */
	key: string | null;
	/** As it was written: whoever reads it decides whether it is text. */
	value: Buffer;
	headers: Readonly<Record<string, string>>;
	/** When the log took it, by the log's clock. */
	at: Date;
}

/** Messages of one partition, in their order and without any other between them. */
export interface Batch {
	topic: string;
	partition: number;
	/** Never empty. */
	messages: readonly Message[];
	/** Offset that the next message written to the partition will have, as far as is known. */
	end: bigint;
	/** The partition is another member's by now, or the subscription is being stopped. */
	isStale(): boolean;
}

/**
 * What was to be read next is not in the log: it was lost, or was not kept for long enough. In a compacted
 * topic it may only have been replaced.
 */
export class OffsetLost extends Error {
	constructor(topic: string, partition: number, wanted: bigint, first: bigint) {
		super(
			`${topic}/${partition} has no offset ${wanted}: it is read on from its oldest message, ${first}`
		);
	}
}

/** Nobody has made it, or it went with a log that was lost. */
export class NoSuchTopic extends Error {
	constructor(topic: string) {
		super(`There is no topic ${topic}`);
	}
}

export interface SubscribeOptions {
	/** Of its members each partition belongs to one. */
	group: string;
	topics: readonly string[];
	/** Asked for each partition that this member gets. Undefined: from the oldest message on. */
	position(topic: string, partition: number): Promise<bigint | undefined>;
	/**
	 * One call per partition at a time, which may take as long as it likes: the member shows that it lives
	 * by itself. Answers the offset to go on at, usually the one behind the last
	 * message; another one is sought. When it rejects, the same messages come again after a pause.
	 */
	onBatch(batch: Batch): Promise<bigint>;
	/** Told of what failed and is tried again, and, as `OffsetLost`, of what will never be read. */
	onError(error: Error): void;
	/** Told of the partitions this member has, whenever they change. */
	onAssigned?(partitions: readonly { topic: string; partition: number }[]): void;
}

export interface Subscription {
	/** Has `position` asked again for the partitions of this member, after what it has in hand. */
	reposition(): void;
	/** Resolves when no call of `onBatch` is under way, and none will be made. */
	stop(): Promise<void>;
}

export interface TopicSpec {
	name: string;
	partitions: number;
	/** `compact` keeps the last message of every key. */
	cleanup: "delete" | "compact";
	/** How long a message is kept at least; of compacted topics without meaning. */
	retentionMs: number;
}

/** What a partition holds: offsets from `first` up to, but not with, `next`. */
export interface Extent {
	partition: number;
	first: bigint;
	next: bigint;
}

export interface Driver {
	readonly kind: "kafka" | "postgres";
	/** Makes those that are missing; what exists is left as it is. */
	createTopics(topics: readonly TopicSpec[]): Promise<void>;
	/**
	 * Resolves when all are stored where no crash of one machine loses them. When it rejects, any of
	 * them may be stored, so what is published again may be there twice.
	 * @throws Error also for a topic that does not exist
	 */
	publish(topic: string, messages: readonly Outgoing[]): Promise<void>;
	subscribe(options: SubscribeOptions): Promise<Subscription>;
	/** By partition. @throws NoSuchTopic */
	extents(topic: string): Promise<Extent[]>;
	/** By partition: the offset of the first message that the log took at this time or later. */
	offsetsAt(topic: string, at: Date): Promise<Map<number, bigint>>;
	/** By partition: where a group said last that it goes on. A hint, for showing how far behind it is. */
	committed(group: string, topic: string): Promise<Map<number, bigint>>;
	/** Of a group without members: nothing of it is remembered any longer. */
	deleteGroup(group: string): Promise<void>;
	/** Ends all subscriptions and connections. */
	close(): Promise<void>;
}
