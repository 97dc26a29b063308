import type { OrderStreamEvent } from "../../../contracts/events.ts";
import type { Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { factOf, type EventFact } from "./sales-facts.ts";
import {
	recordProgress,
	addReversals,
	addSales,
	insertLateEvents,
	resetWindowsFrom
} from "./window.statements.ts";
import { tally, type Tally } from "./tally.window.ts";
import { startOf } from "./tumbling.window.ts";

/** Events of one partition that are new here. */
export interface EventBatch {
	topic: string;
	partition: number;
	/** Empty where all of a batch were known. */
	events: readonly OrderStreamEvent[];
	/** Behind the batch, and behind the log. */
	next: bigint;
	end: bigint;
	/** What came of them was taken back: they count where they happened, however long ago that is. */
	again: boolean;
}

/**
 * Adds events to their windows, in the transaction that records that they were handled. Rows that
 * others change too are taken in one order, and only at the end. Answers how many came too late.
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
	if (rows.reversals.length > 0) await tx.query(addReversals, reversalsOf(rows));
	if (rows.windows.length > 0) await tx.query(addSales, salesOf(rows));
	await failpoint("analytics.window.after_apply");
	return late.length;
}

/** Empties the windows that began then or later; nobody is told of them until they are filled anew. */
export async function resetWindows(fromMs: number, tx: Transaction): Promise<void> {
	await tx.query(resetWindowsFrom, [fromMs]);
}

type Rows = Omit<Tally, "late">;

function columns<R, const F extends readonly (keyof R)[]>(rows: readonly R[], fields: F) {
	return fields.map(field => rows.map(row => row[field]));
}

const reversalsOf = ({ reversals }: Rows) =>
	columns(reversals, ["start", "currency", "type", "orders", "amount"]);

const salesOf = ({ windows, users, products }: Rows) => [
	...columns(windows, ["start", "currency", "orders", "revenue"]),
	...columns(users, ["start", "currency", "user_id"]),
	...columns(products, ["start", "currency", "product_id", "orders", "units", "revenue"])
];

function storeLate(late: readonly EventFact[], tx: Transaction): Promise<unknown> {
	return tx.query(insertLateEvents, [
		late.map(({ event }) => event.id),
		late.map(({ event }) => event.type),
		late.map(({ at }) => startOf(at)),
		late.map(({ currency }) => currency),
		late.map(fact => (fact.kind === "sale" ? fact.revenue : fact.amount)),
		late.map(({ event }) => event.partitionkey),
		late.map(({ event }) => JSON.stringify(event))
	]);
}
