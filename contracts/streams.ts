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

/** What operators ask of a service that consumes a stream, and of one that feeds it. */

const Count = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Offset = T.Integer({ ...Count, description: "Of a message in its partition" });

export const ConsumerLag = strictObject(
	{
		group: T.String(),
		waiting: T.Integer({ ...Count, description: "Messages that are not handled yet" }),
		dead_letters: T.Integer({ ...Count, description: "Put aside, and not redriven" }),
		replay: nullable(
			strictObject(
				{ done: Count, of: T.Integer({ ...Count, description: "Messages" }) },
				{ description: "Null while none is under way" }
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

const deadLetterFields = {
	id: Uuid,
	topic: T.String(),
	partition: Count,
	offset: Offset,
	key: nullable(T.String()),
	reason: T.String({ description: "A word: not-json, wrong-key, handling-failed, …" }),
	detail: T.String(),
	attempts: Count,
	at: T.String({ ...Instant, description: "When it was dead-lettered" }),
	redriven_at: nullable(Instant)
};
export const DeadLetterEntry = strictObject(deadLetterFields, { title: "DeadLetterEntry" });
export type DeadLetterEntry = Static<typeof DeadLetterEntry>;

export const DeadLetterDetail = strictObject(
	{
		...deadLetterFields,
		headers: T.Record(T.String(), T.String()),
		bytes: Count,
		text: nullable(T.String({ description: "Of at most 64 KiB; null where it is no UTF-8" })),
		base64: nullable(T.String({ description: "Its first 64 KiB, where it is no UTF-8" }))
	},
	{ title: "DeadLetterDetail" }
);
export type DeadLetterDetail = Static<typeof DeadLetterDetail>;

export const RedriveResult = strictObject(
	{
		redriven: Count,
		refused: T.Array(strictObject({ id: Uuid, detail: T.String() })),
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
		messages: T.Integer({ ...Count, description: "That are gone through once more" }),
		since: nullable(
			T.String({ ...Instant, description: "Events from here on have their effect anew" })
		),
		partitions: T.Array(
			strictObject({ topic: T.String(), partition: Count, from: Offset, until: Offset })
		)
	},
	{ title: "ReplayPlan" }
);
export type ReplayPlan = Static<typeof ReplayPlan>;

/** Positions of a group were moved: its members should look where to go on. */
export const consumerMoved = hint("stream.consumer_moved", strictObject({ group: T.String() }));

const operators = { access: admins, timeoutMs: 35_000 } as const;
const start =
	"`oldest`, an RFC 3339 instant, or an offset, at which all partitions begin: e.g. `2026-03-01T00:00:00Z`, `1200`";

/** Actions of a consuming service. @param modes of a replay; the first one holds unless another is asked for */
export const consumerActions = <const M extends readonly string[]>(modes: M, meaning: string) =>
	({
		"stream.lag": {
			...operators,
			kind: "query",
			summary: "How far the service is in the order events",
			params: strictObject({}),
			returns: ConsumerLag
		},
		"stream.replay": {
			...operators,
			kind: "command",
			summary: "Go through messages of the log once more",
			params: strictObject({
				from: T.String({ minLength: 1, maxLength: 40, description: start }),
				mode: T.Optional(oneOf(modes, { description: meaning })),
				dry_run: T.Optional(T.Boolean({ description: "Only say what it would go through" }))
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
			summary: "A dead-lettered message, as it came",
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
			summary: "The same for a page of those that wait, the latest first",
			params: strictObject({ limit: T.Optional(Limit), cursor: T.Optional(Cursor) }),
			returns: RedriveResult
		}
	}) as const satisfies Record<string, ActionSpec>;

const Lag = strictObject(
	{
		rows: T.Integer({ ...Count, description: "Events that wait, counted up to 10,000" }),
		seconds: T.Number({ minimum: 0, description: "Age of the oldest" })
	},
	{ title: "OutboxLag" }
);

export const Refill = strictObject(
	{
		refilled: T.Integer({ ...Count, description: "With this page" }),
		left: T.Integer({ ...Count, description: "For the next pages" }),
		before: Instant,
		next_cursor: NextCursor
	},
	{ title: "Refill" }
);
export type Refill = Static<typeof Refill>;

/** What a service does for its topics when the log was lost, where that is little enough to do at once. */
export const refillAction = (summary: string) =>
	({
		...operators,
		kind: "command",
		summary,
		params: strictObject({
			from: T.String({ ...Instant, description: "What happened from here on" }),
			dry_run: T.Optional(T.Boolean({ description: "Only count them" }))
		}),
		returns: strictObject({ refilled: Count }, { title: "Refilled" })
	}) as const satisfies ActionSpec;

/** Actions of a service that feeds a stream from its outbox. */
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
			from: T.String({ ...Instant, description: "Events that happened from here on" }),
			before: T.Optional(
				T.String({ ...Instant, description: "Of the first page's answer, for the next one" })
			),
			cursor: T.Optional(
				T.String({ ...Cursor, description: "Of the last page's answer, for the next one" })
			),
			dry_run: T.Optional(T.Boolean({ description: "Only count them" }))
		}),
		returns: Refill
	}
} as const satisfies Record<string, ActionSpec>;
