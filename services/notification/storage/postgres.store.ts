import { notificationChannels, type NotificationChannel } from "../../../contracts/notification.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { refusedBySql } from "../../../lib/database-error.ts";
import { bulk } from "../../../lib/bulk.ts";
import { beforeNewest, type TimePosition } from "../../../lib/keyset.ts";
import type { Row, Statement } from "../../../db/database.ts";
import type { Outcome } from "../notification.decisions.ts";
import {
	expireBatchSize,
	keptDays,
	type Backlog,
	type Claim,
	type NewNotification,
	type StoredNotification,
	type NotificationStore
} from "../tracking-store.ts";

/** A database or a transaction of it. */
export interface Queryable {
	query<R extends object = Row>(statement: Statement, values?: unknown[]): Promise<R[]>;
}

const planned = "id, event_id, channel, kind, user_id, order_id, fact";
const claimed = `${planned}, attempts, resends, fence`;
const tracked = `${planned}, occurred_at, state, attempts, resends, reason, provider_id, sent_at, created_at, updated_at`;

const plannedRows = bulk({
	id: "uuid",
	event_id: "uuid",
	channel: "text",
	kind: "text",
	user_id: "text",
	order_id: "uuid",
	fact: "jsonb"
});

const plan: Statement = {
	name: "plan_notifications",
	text: `
insert into notification.notifications (${planned}, occurred_at)
select ${planned}, (fact ->> 'time')::timestamptz
from ${plannedRows.as("x")}
where (fact ->> 'time')::timestamptz > now() - interval '${keptDays} days'
order by id
on conflict do nothing returning id`
};

const take = `
update notification.notifications n
set due_at = clock_timestamp() + $1::int * interval '1 ms', lease_until = clock_timestamp() + $1::int * interval '1 ms',
	fence = fence + 1, attempts = attempts + 1`;

/** now(), because an index cannot be searched by clock_timestamp(): those that are due later would be read too. */
const claim: Statement = {
	name: "claim_notifications",
	text: `
with due as materialized (
	select id from notification.notifications
	where channel = $3 and state = 'pending' and due_at <= now() order by due_at limit $2 for update skip locked
)
${take} from due where n.id = due.id returning ${claimed.replaceAll(/\bid\b/g, "n.id")}`
};

/** `is true` as in `settle`: else a plan of an empty table reads all that is due for one message. */
const claimOne: Statement = {
	name: "claim_notification",
	text: `${take} where id = $2 and (state = 'pending') is true and due_at <= clock_timestamp() returning ${claimed}`
};

const settledRows = bulk({
	id: "uuid",
	fence: "int",
	state: "text",
	reason: "text",
	provider_id: "text",
	uncounted: "int",
	in_ms: "int"
});

/**
 * `is true` keeps the planner from the index of what is due, which seems as good as the primary key while the table is
 * empty: a session keeps its first plan, and would read the whole backlog for each message.
 */
const settle: Statement = {
	name: "settle_notifications",
	text: `
update notification.notifications n
set state = x.state, reason = x.reason, provider_id = x.provider_id, attempts = attempts - x.uncounted,
	lease_until = null,
	due_at = case when x.state = 'pending' then clock_timestamp() + x.in_ms * interval '1 ms' end,
	sent_at = case when x.state = 'sent' then clock_timestamp() else sent_at end, updated_at = clock_timestamp()
from ${settledRows.as("x")}
where n.id = x.id and n.fence = x.fence and (n.state = 'pending') is true returning n.id, n.fence`
};

interface Settlement {
	claim: Pick<Claim, "id" | "fence">;
	outcome: Outcome;
}

function settledRow({ claim: { id, fence }, outcome }: Settlement) {
	const { state } = outcome;
	if (state === "sent")
		return {
			id,
			fence,
			state,
			reason: null,
			provider_id: outcome.providerId,
			uncounted: 0,
			in_ms: 0
		};
	const isUncounted = state === "pending" && !outcome.counted;
	const { reason } = outcome;
	// A rate limiter answers fractions of a millisecond.
	const in_ms = state === "pending" ? Math.ceil(outcome.inMs) : 0;
	return { id, fence, state, reason, provider_id: null, uncounted: Number(isUncounted), in_ms };
}

const get: Statement = {
	name: "get_notification",
	text: `select ${tracked} from notification.notifications where id = $1 and ($2::text is null or user_id = $2)`
};

const listed = (name: string, where: string): Statement => ({
	name,
	text: `
select ${tracked} from notification.notifications
where (occurred_at, id) < ($1::timestamptz, $2::uuid) ${where}
order by occurred_at desc, id desc limit $3`
});
const list = listed("list_notifications", "");
const listOwn = listed("list_own_notifications", "and user_id = $4");

const resend: Statement = {
	name: "resend_notification",
	text: `
update notification.notifications
set resends = resends + (state <> 'pending')::int, attempts = case when state = 'pending' then attempts else 0 end,
	due_at = case when lease_until > clock_timestamp() then due_at else clock_timestamp() end,
	state = 'pending', reason = null, provider_id = null, updated_at = clock_timestamp()
where id = $1 returning ${tracked}`
};

const backlog: Statement = {
	name: "backlog_of_notifications",
	text: `
select channel, w.count, w.seconds from unnest($1::text[]) as channel cross join lateral (
	select count(*)::int as count, coalesce(extract(epoch from now() - min(due_at)), 0)::float8 as seconds from (
		select due_at from notification.notifications n
		where n.channel = channel.channel and state = 'pending' and due_at <= now() order by due_at limit 10000
	) as due
) as w`
};

const expire: Statement = {
	name: "expire_notifications",
	text: `
delete from notification.notifications where id in (
	select id from notification.notifications
	where occurred_at < now() - interval '${keptDays} days' and state <> 'pending'
	order by occurred_at limit ${expireBatchSize}
) returning id`
};

/** The rows of this service's schema. With a transaction as `db`, `plan` is a part of it. */
export class PostgresStore implements NotificationStore {
	readonly #db: Queryable;
	readonly #settlements = new Batcher<Settlement, boolean>({
		run: settlements => this.#settleAll(settlements),
		retryAlone: refusedBySql
	});

	constructor(db: Queryable) {
		this.#db = db;
	}

	async plan(messages: readonly NewNotification[]): Promise<string[]> {
		if (messages.length === 0) return [];
		const values = plannedRows.values(
			messages.map(message => ({ ...message, fact: JSON.stringify(message.fact) }))
		);
		const rows = await this.#db.query<{ id: string }>(plan, values);
		return rows.map(({ id }) => id);
	}

	claim(channel: NotificationChannel, limit: number, leaseMs: number): Promise<Claim[]> {
		return this.#db.query<Claim>(claim, [leaseMs, limit, channel]);
	}

	async claimOne(id: string, leaseMs: number): Promise<Claim | undefined> {
		const [row] = await this.#db.query<Claim>(claimOne, [leaseMs, id]);
		return row;
	}

	/** Outcomes that arrive while others are being stored are stored together. */
	settle(settled: Claim, outcome: Outcome): Promise<boolean> {
		return this.#settlements.add({ claim: settled, outcome });
	}

	async get(id: string, owner?: string): Promise<StoredNotification | undefined> {
		const [row] = await this.#db.query<StoredNotification>(get, [id, owner ?? null]);
		return row;
	}

	list(
		owner: string | undefined,
		after: TimePosition | undefined,
		limit: number
	): Promise<StoredNotification[]> {
		const { at, id } = after ?? beforeNewest;
		const from = [at, id, limit];
		if (owner === undefined) return this.#db.query<StoredNotification>(list, from);
		return this.#db.query<StoredNotification>(listOwn, [...from, owner]);
	}

	async resend(id: string): Promise<StoredNotification | undefined> {
		const [row] = await this.#db.query<StoredNotification>(resend, [id]);
		return row;
	}

	backlog(): Promise<Backlog[]> {
		return this.#db.query<Backlog>(backlog, [notificationChannels]);
	}

	async expire(): Promise<number> {
		return (await this.#db.query(expire)).length;
	}

	/** The database is its service's. */
	close(): void {}

	async #settleAll(settlements: readonly Settlement[]): Promise<boolean[]> {
		const values = settledRows.values(settlements.map(settledRow));
		const rows = await this.#db.query<{ id: string; fence: number }>(settle, values);
		const settled = new Set(rows.map(({ id, fence }) => `${id} ${fence}`));
		return settlements.map(({ claim: { id, fence } }) => settled.has(`${id} ${fence}`));
	}
}
