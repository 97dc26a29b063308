import type { OrderStreamEvent } from "../../../contracts/events.ts";
import type { WindowStore } from "./window-database.ts";

/** Stores events as the order service has published them, and as analytics has handled them. */
export async function recordEvents(
	store: Pick<WindowStore, "rows">,
	events: readonly OrderStreamEvent[]
): Promise<void> {
	const column = <V>(value: (event: OrderStreamEvent) => V) => events.map(value);
	await store.rows(
		`insert into orders.outbox (event_id, order_id, user_id, version, type, occurred_at, payload)
		select id, subject, who, 2, type, at, data
		from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::text[]) as x(id, subject, who, at, data, type)`,
		[
			column(({ id }) => id),
			column(({ subject }) => subject),
			column(({ data }) => data.user_id),
			column(({ time }) => time),
			column(({ data }) => JSON.stringify(data)),
			column(({ type }) => type)
		]
	);
	await store.rows("insert into analytics.inbox select event_id from orders.outbox");
}
