import { bulk } from "../../../lib/bulk.ts";
import { beforeNewest, type TimePosition } from "../../../lib/keyset.ts";
import type { Row, Statement } from "../../../db/database.ts";
import type { Outcome } from "../notification.decisions.ts";
import {
	expireBatchSize,
	keptDays,
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

const claim: Statement = {
	name: "claim_notifications",
	text: `
with due as materialized (
	select id from notification.notifications
	where state = 'pending' and due_at <= clock_timestamp() order by due_at limit $2 for update skip locked
)
${take} from due where n.id = due.id returning ${claimed.replaceAll(/\bid\b/g, "n.id")}`
};

const claimOne: Statement = {
	name: "claim_notification",
	text: `${take} where id = $2 and state = 'pending' and due_at <= clock_timestamp() returning ${claimed}`
};

const settle: Statement = {
	name: "settle_notification",
	text: `
update notification.notifications
set state = $3, reason = $4, provider_id = $5, attempts = attempts - $6::int, lease_until = null,
	due_at = case when $3 = 'pending' then clock_timestamp() + $7::int * interval '1 ms' end,
	sent_at = case when $3 = 'sent' then clock_timestamp() else sent_at end, updated_at = clock_timestamp()
where id = $1 and fence = $2 and state = 'pending' returning id`
};

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

	claim(limit: number, leaseMs: number): Promise<Claim[]> {
		return this.#db.query<Claim>(claim, [leaseMs, limit]);
	}

	async claimOne(id: string, leaseMs: number): Promise<Claim | undefined> {
		const [row] = await this.#db.query<Claim>(claimOne, [leaseMs, id]);
		return row;
	}

	async settle({ id, fence }: Claim, outcome: Outcome): Promise<boolean> {
		const isPending = outcome.state === "pending";
		const uncounted = isPending && !outcome.counted ? 1 : 0;
		const rows = await this.#db.query(settle, [
			id,
			fence,
			outcome.state,
			outcome.state === "sent" ? null : outcome.reason,
			outcome.state === "sent" ? outcome.providerId : null,
			uncounted,
			isPending ? outcome.inMs : 0
		]);
		return rows.length > 0;
	}

	async release(claim: Claim): Promise<void> {
		await this.settle(claim, { state: "pending", inMs: 0, counted: false, reason: null });
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

	async expire(): Promise<number> {
		return (await this.#db.query(expire)).length;
	}
}
