import type { LowStockEvent } from "../../contracts/events.ts";
import {
	refillStatement,
	toStaffMessage,
	type OutboxRow
} from "../../streams/outbox/staff-outbox.ts";
import { outboxStatements } from "../../streams/outbox/outbox.statements.ts";
import type { Pending } from "../../streams/outbox/relay.ts";

/**
 * Reservations are committed without waiting for the disk (docs/decisions/0005). Reading a batch sets `taken_at`,
 * and the commit of that update waits for the disk, which also flushes all commits before it: an event is
 * published only when what it announces is durable.
 */
export const statements = outboxStatements({
	schema: "product",
	batch: `
		update product.outbox o set taken_at = clock_timestamp() from due where o.id = due.id
		returning o.id, o.event_id, o.product_id as subject, o.occurred_at, o.payload::text as data`,
	waitingSince: "occurred_at",
	remove: "purge_outbox"
});

export const refill = refillStatement("product");

export const toMessage = (row: OutboxRow): Pending =>
	toStaffMessage<LowStockEvent>(row, { type: "product.low_stock", source: "/products" });
