import {
	hint,
	nullable,
	oneOf,
	strictObject,
	T,
	type ActionSpec,
	type Static
} from "../lib/schema.ts";
import { admins } from "./roles.ts";
import { Cursor, Instant, Limit, NextCursor, Uuid } from "./values.ts";

/** Services that consume the topic of orders, and their consumer groups. */
export const consumerGroups = ["analytics", "notification", "webhook"] as const;
export type ConsumerGroup = (typeof consumerGroups)[number];

/** Operators' actions of a service that consumes a topic, and of one that publishes to it. */

const Count = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Offset = T.Integer({ ...Count, description: "Of a message in its partition" });

export const ConsumerLag = strictObject(
	{
		group: T.String(),
		waiting: T.Integer({ ...Count, description: "Messages that are not handled yet" }),
		dead_letters: T.Integer({ ...Count, description: "Dead-lettered, and not redriven" }),
		replay: nullable(
			strictObject(
				{ done: Count, of: T.Integer({ ...Count, description: "Messages" }) },
				{ description: "Null while none is running" }
			)
		),
		partitions: T.Array(
			strictObject({
				topic: T.String(),
				partition: Count,
				next: T.Integer({ ...Offset, description: "Offset of the next message to handle" }),
				end: T.Integer({ ...Offset, description: "Offset of the next message to be written" })
			})
		)
	},
	{ title: "ConsumerLag" }
);
export type ConsumerLag = Static<typeof ConsumerLag>;

/** How much of a dead letter is shown, in characters and bytes: any writer of the log may have written it. */
export const shownOfDeadLetter = {
	key: 200,
	detail: 1000,
	headerName: 200,
	header: 1000,
	valueBytes: 64 * 1024
};

const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3);

const beginning = (maxLength: number) =>
	T.String({ maxLength, description: "A longer one is shown by its beginning" });

const deadLetterFields = {
	id: Uuid,
	topic: T.String(),
	partition: Count,
	offset: Offset,
	key: nullable(beginning(shownOfDeadLetter.key)),
	reason: T.String({ description: "A code: not-json, wrong-key, handling-failed, …" }),
	detail: beginning(shownOfDeadLetter.detail),
	attempts: Count,
	at: T.String({ ...Instant, description: "When it was dead-lettered" }),
	redriven_at: nullable(Instant)
};
export const DeadLetterEntry = strictObject(deadLetterFields, { title: "DeadLetterEntry" });
export type DeadLetterEntry = Static<typeof DeadLetterEntry>;

export const DeadLetterDetail = strictObject(
	{
		...deadLetterFields,
		headers: T.Record(T.String(), beginning(shownOfDeadLetter.header), {
			description: `The first ones, of 512 KiB together; a name of more than ${shownOfDeadLetter.headerName} characters is shown by its beginning`
		}),
		bytes: T.Integer({ ...Count, description: "Size of the value" }),
		text: nullable(
			T.String({
				maxLength: shownOfDeadLetter.valueBytes,
				description: "Its first 64 KiB; null if it is not UTF-8"
			})
		),
		base64: nullable(
			T.String({
				maxLength: base64Length(shownOfDeadLetter.valueBytes),
				description: "Its first 64 KiB, if it is not UTF-8"
			})
		)
	},
	{ title: "DeadLetterDetail" }
);
export type DeadLetterDetail = Static<typeof DeadLetterDetail>;

export const RedriveResult = strictObject(
	{
		redriven: Count,
		refused: T.Array(strictObject({ id: Uuid, detail: beginning(shownOfDeadLetter.detail) })),
		next_cursor: NextCursor
	},
	{ title: "RedriveResult" }
);
export type RedriveResult = Static<typeof RedriveResult>;

export const ReplayPlan = strictObject(
	{
		group: T.String(),
		mode: T.String(),
		dry_run: T.Boolean(),
		messages: T.Integer({ ...Count, description: "Messages to be read again" }),
		since: nullable(T.String({ ...Instant, description: "Events from here on are applied again" })),
		partitions: T.Array(
			strictObject({ topic: T.String(), partition: Count, from: Offset, until: Offset })
		)
	},
	{ title: "ReplayPlan" }
);
export type ReplayPlan = Static<typeof ReplayPlan>;

/** Positions of a group were moved: its members should read them again. */
export const consumerMoved = hint("stream.consumer_moved", strictObject({ group: T.String() }));

const operators = { access: admins, timeoutMs: 35_000 } as const;
const start =
	"`oldest`, an RFC 3339 instant, or an offset, at which all partitions begin: e.g. `2026-03-01T00:00:00Z`, `1200`";

/** Actions of a consuming service. @param modes of a replay; the first one is the default */
export const consumerActions = <const M extends readonly string[]>(modes: M, meaning: string) =>
	({
		"stream.lag": {
			...operators,
			kind: "query",
			summary: "Progress of the service in its topics",
			params: strictObject({}),
			returns: ConsumerLag
		},
		"stream.replay": {
			...operators,
			kind: "command",
			summary: "Replay messages of the log",
			params: strictObject({
				from: T.String({ minLength: 1, maxLength: 40, description: start }),
				mode: T.Optional(oneOf(modes, { description: meaning })),
				dry_run: T.Optional(T.Boolean({ description: "Only return the plan" }))
			}),
			returns: ReplayPlan
		},
		"dlq.list": {
			...operators,
			kind: "query",
			summary: "Dead-lettered messages, the latest first",
			params: strictObject({
				redriven: T.Optional(T.Boolean({ description: "Those that were redriven instead" })),
				limit: T.Optional(Limit),
				cursor: T.Optional(Cursor)
			}),
			returns: strictObject(
				{ data: T.Array(DeadLetterEntry), next_cursor: NextCursor },
				{ title: "DeadLetterList" }
			)
		},
		"dlq.show": {
			...operators,
			kind: "query",
			summary: "A dead-lettered message",
			params: strictObject({ id: Uuid }),
			returns: DeadLetterDetail
		},
		"dlq.redrive": {
			...operators,
			kind: "command",
			summary: "Redrive a dead-lettered message now",
			params: strictObject({ id: Uuid }),
			returns: DeadLetterEntry
		},
		"dlq.redriveAll": {
			...operators,
			kind: "command",
			summary: "Redrive a page of dead-lettered messages, the latest first",
			params: strictObject({ limit: T.Optional(Limit), cursor: T.Optional(Cursor) }),
			returns: RedriveResult
		}
	}) as const satisfies Record<string, ActionSpec>;

const Lag = strictObject(
	{
		rows: T.Integer({ ...Count, description: "Unpublished events, counted up to 10,000" }),
		seconds: T.Number({ minimum: 0, description: "Age of the oldest" })
	},
	{ title: "OutboxLag" }
);

export const Refill = strictObject(
	{
		refilled: T.Integer({ ...Count, description: "In this page" }),
		left: T.Integer({ ...Count, description: "For the next pages" }),
		before: Instant,
		next_cursor: NextCursor
	},
	{ title: "Refill" }
);
export type Refill = Static<typeof Refill>;

/** Action of a service that publishes its topics again after the loss of a log, if that is quick enough for one call. */
export const refillAction = (summary: string) =>
	({
		...operators,
		kind: "command",
		summary,
		params: strictObject({
			from: T.String({ ...Instant, description: "Events that occurred from here on" }),
			dry_run: T.Optional(T.Boolean({ description: "Only count them" }))
		}),
		returns: strictObject({ refilled: Count }, { title: "Refilled" })
	}) as const satisfies ActionSpec;

/** Actions of a service that publishes from an outbox. */
export const outboxActions = {
	"outbox.lag": {
		...operators,
		kind: "query",
		summary: "Events that are not in the log yet",
		params: strictObject({}),
		returns: Lag
	},
	"outbox.refill": {
		...operators,
		kind: "command",
		summary: "Publish events again, page by page, for a log that was lost",
		params: strictObject({
			from: T.String({ ...Instant, description: "Events that occurred from here on" }),
			before: T.Optional(
				T.String({ ...Instant, description: "From the first page's response, for the next pages" })
			),
			cursor: T.Optional(
				T.String({ ...Cursor, description: "From the last page's response, for the next page" })
			),
			dry_run: T.Optional(T.Boolean({ description: "Only count them" }))
		}),
		returns: Refill
	}
} as const satisfies Record<string, ActionSpec>;
