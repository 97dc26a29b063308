import type { OrderStreamEvent } from "../../../contracts/events.ts";
import type { Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { factOf, type EventFact } from "./sales-facts.ts";
import { readOn, reverse, sell, setAside, takeBackFrom } from "./window.statements.ts";
import { tally, type Tally } from "./tally.window.ts";
import { startOf } from "./tumbling.window.ts";

/** Events of one partition that are new here. */
export interface Work {
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
export async function handle(work: Work, tx: Transaction): Promise<number> {
	const times = work.events.map(({ time }) => Date.parse(time));
	const seenUntil = times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : null;
	const { topic, partition, next, end } = work;
	const [row] = await tx.query<{ watermark: number | null }>(readOn, [
		...[topic, partition, next, end, seenUntil]
	]);
	const facts = work.events.flatMap((event, index) => factOf(event, times[index]!) ?? []);
	const watermark = work.again ? null : row!.watermark;
	const { late, ...rows } = tally(facts, watermark ?? undefined);
	if (late.length > 0) await putAside(late, tx);
	if (rows.reversals.length > 0) await tx.query(reverse, reversalsOf(rows));
	if (rows.windows.length > 0) await tx.query(sell, salesOf(rows));
	await failpoint("analytics.window.after_apply");
	return late.length;
}

/** Empties the windows that began then or later; nobody is told of them until they are filled anew. */
export async function takeBack(fromMs: number, tx: Transaction): Promise<void> {
	await tx.query(takeBackFrom, [fromMs]);
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

function putAside(late: readonly EventFact[], tx: Transaction): Promise<unknown> {
	return tx.query(setAside, [
		late.map(({ event }) => event.id),
		late.map(({ event }) => event.type),
		late.map(({ at }) => startOf(at)),
		late.map(({ currency }) => currency),
		late.map(fact => (fact.kind === "sale" ? fact.revenue : fact.amount)),
		late.map(({ event }) => event.partitionkey),
		late.map(({ event }) => JSON.stringify(event))
	]);
}
