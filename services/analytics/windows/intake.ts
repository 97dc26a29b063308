import type { OrderStreamEvent } from "../../../contracts/events.ts";
import type { Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { factOf, type EventFact } from "./sales-facts.ts";
import {
	recordProgress,
	addReversals,
	addSales,
	insertLateEvents,
	lateRows,
	productRows,
	resetWindowsFrom,
	reversalRows,
	userRows,
	windowRows
} from "./window.statements.ts";
import { tally, type Tally } from "./tally.window.ts";
import { startOf } from "./tumbling.window.ts";

/** SQLSTATE: the transaction is rolled back, and tried again as a whole. */
const serializationFailure = "40001";

/** New events of one partition. */
export interface EventBatch {
	topic: string;
	partition: number;
	/** Empty if all events of a batch were already applied. */
	events: readonly OrderStreamEvent[];
	/** Offsets after the batch, and after the log. */
	next: bigint;
	end: bigint;
	/** Their effects were reset: they count in their windows, however old they are. */
	again: boolean;
}

/**
 * Adds events to their windows, in the transaction that records them in the inbox. Rows that concurrent
 * transactions also update are locked in one order, and only at the end. Returns how many events were late.
 */
export async function applyEvents(work: EventBatch, tx: Transaction): Promise<number> {
	const times = work.events.map(({ time }) => Date.parse(time));
	const seenUntil = times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : null;
	const { topic, partition, next, end } = work;
	const [row] = await tx.query<{ watermark: number | null }>(recordProgress, [
		topic,
		partition,
		next,
		end,
		seenUntil
	]);
	const facts = work.events.flatMap((event, index) => factOf(event, times[index]!) ?? []);
	const watermark = work.again ? null : row!.watermark;
	const { late, ...rows } = tally(facts, watermark ?? undefined);
	if (late.length > 0) await storeLate(late, tx);
	const { windows, reversals } = rows;
	if (reversals.length > 0) await tx.query(addReversals, reversalRows.values(reversals));
	if (windows.length > 0) await addToWindows(rows, tx);
	await failpoint("analytics.window.after_apply");
	return late.length;
}

/**
 * The watermark that this transaction read may be older than the one by which a window has become final meanwhile: then
 * it is rolled back, and finds its events late when it is tried again.
 */
async function addToWindows(
	{ windows, users, products }: Omit<Tally, "late">,
	tx: Transaction
): Promise<void> {
	const [row] = await tx.query<{ taken: number }>(addSales, [
		...windowRows.values(windows),
		...userRows.values(users),
		...productRows.values(products)
	]);
	if (row!.taken === windows.length) return;
	const error = new Error("a window became final while events were added to it");
	throw Object.assign(error, { code: serializationFailure });
}

/** Resets the windows that began then or later; they are not emitted until they are rebuilt. */
export async function resetWindows(fromMs: number, tx: Transaction): Promise<void> {
	await tx.query(resetWindowsFrom, [fromMs]);
}

function storeLate(late: readonly EventFact[], tx: Transaction): Promise<unknown> {
	const rows = late.map(fact => ({
		id: fact.event.id,
		type: fact.event.type,
		start: startOf(fact.at),
		currency: fact.currency,
		amount: fact.kind === "sale" ? fact.revenue : fact.amount,
		key: fact.event.partitionkey,
		value: JSON.stringify(fact.event)
	}));
	return tx.query(insertLateEvents, lateRows.values(rows));
}
