import { type Database, type Statement } from "../../../db/database.ts";
import { cloudHeaders } from "../../../streams/messages/cloud-message.ts";
import { outboxStatements } from "../../../streams/outbox/outbox.statements.ts";
import type { Pending } from "../../../streams/outbox/relay.ts";

/** A CloudEvent as it is published. */
export interface OutboxRow {
	id: number;
	topic: string;
	key: string;
	value: string;
}

export const statements = outboxStatements({
	schema: "analytics",
	batch: "select id, topic, key, value from due",
	waitingSince: "created_at",
	remove: "purge_outbox"
});

const reemit: Statement = {
	name: "analytics.outbox_refill",
	text: `
	with windows as (
		select window_start, currency from analytics.windows where revision > 0 and window_start >= $1
		order by window_start, currency
		for update
	), marked as (
		update analytics.windows w set dirty = true from windows x
		where w.window_start = x.window_start and w.currency = x.currency and not $2
	), late as (
		select id from analytics.outbox where topic = 'analytics-late' and published_at is not null and created_at >= $1
	), back as (
		update analytics.outbox o set published_at = null from late where o.id = late.id and not $2
	)
	select ((select count(*) from windows) + (select count(*) from late))::int as refilled`
};

/** Has windows emitted again, in the revision that they have unless they changed; late events are published as they were. */
export function refill(pg: Database, from: string, dry: boolean): Promise<{ refilled: number }> {
	return pg.transaction(async tx => {
		// A year has half a million minutes.
		await tx.allowLongStatements();
		const [counted] = await tx.query<{ refilled: number }>(reemit, [from, dry]);
		return counted!;
	});
}

export const toPending = ({ id, topic, key, value }: OutboxRow): Pending => ({
	id,
	topic,
	message: { key, value, headers: cloudHeaders(JSON.parse(value)) }
});
