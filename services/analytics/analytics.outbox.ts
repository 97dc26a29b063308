import type { Statement } from "../../db/database.ts";
import { cloudHeaders } from "../../streams/cloud-message.ts";
import type { Pending } from "../../streams/relay.ts";

/** A CloudEvent as it will stand in its topic. */
export interface OutboxRow {
	id: number;
	topic: string;
	key: string;
	value: string;
}

export const pending: Statement = {
	name: "analytics.outbox_pending",
	text: "select id, topic, key, value from analytics.outbox where published_at is null order by id limit $1"
};

/** No more than 10,000 rows are counted. */
export const lag: Statement = {
	name: "analytics.outbox_lag",
	text: `
	select count(*)::int as rows, coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as seconds
	from (select created_at as at from analytics.outbox where published_at is null order by id limit 10000) as waiting`
};

export const forget: Statement = {
	name: "analytics.outbox_forget",
	text: "select analytics.forget_published()"
};

export const mark: Statement = {
	name: "analytics.outbox_mark",
	text: "update analytics.outbox set published_at = clock_timestamp() where id = any ($1::bigint[])"
};

export const toPending = ({ id, topic, key, value }: OutboxRow): Pending => ({
	id,
	topic,
	message: { key, value, headers: cloudHeaders(JSON.parse(value)) }
});
