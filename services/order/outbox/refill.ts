import type { Refill } from "../../../contracts/streams.ts";
import { type Database } from "../../../db/database.ts";
import { KeysetList } from "../../../lib/keyset.ts";
import { T } from "../../../lib/schema.ts";

/** Selected events: a range of times. `before` and `cursor` are from the response to the previous page. */
export interface RefillRequest {
	from: string;
	before?: string | undefined;
	cursor?: string | undefined;
	/** Only counts them. */
	dry: boolean;
}

/** Events per page; only the selected ones of them are published again. */
const pageSize = 5000;
const RemainingCount = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * Makes events of `from` or later that were published before `before` unpublished again, a page of them. They
 * are counted once, at the beginning; the cursor carries the rest of the count. Consumers deduplicate by event
 * id, so an interrupted refill can be started again.
 */
export async function refill(db: Database, asked: RefillRequest): Promise<Refill> {
	const { from, cursor, dry } = asked;
	const { before, left, after } =
		cursor === undefined
			? await startRefill(db, from, asked.before)
			: resumeRefill(cursor, from, asked.before);
	if (dry || left === 0) return { refilled: 0, left, before, next_cursor: null };
	const [page] = await db.query<{ refilled: number; reached: number | null }>(
		{
			name: "outbox_refill",
			text: "select refilled, reached from orders.refill_outbox($1, $2, $3, $4)"
		},
		[from, before, after, pageSize]
	);
	const { refilled, reached } = page!;
	if (reached === null) return { refilled, left: 0, before, next_cursor: null };
	// A concurrent refill may have taken some of the counted events, so at least one is assumed to be left.
	const still = Math.max(1, left - refilled);
	const next_cursor = listOf(from, before).cursor({ value: still, id: String(reached) });
	return { refilled, left: still, before, next_cursor };
}

interface Position {
	before: string;
	left: number;
	/** Events up to this id are finished. */
	after: number;
}

/** Counts them, and finds the first one. */
function startRefill(db: Database, from: string, given: string | undefined): Promise<Position> {
	return db.transaction(async tx => {
		// With sequential scans too, because it may be all events.
		await tx.allowLongStatements();
		const [{ now } = {}] = await tx.query<{ now?: Date }>({
			name: "outbox_refill_begin",
			text: `select set_config('enable_seqscan', 'on', true),
				date_trunc('milliseconds', now()) as now`
		});
		const before = given ?? now!.toISOString();
		const [counted] = await tx.query<{ left: number; after: number }>(
			{
				name: "outbox_refill_count",
				text: `select count(*) as left, coalesce(min(id) - 1, 0) as after from orders.events
					where published_at < $2 and occurred_at >= $1 and not quiet`
			},
			[from, before]
		);
		return { ...counted!, before };
	});
}

const Position = T.String({ pattern: "^[0-9]{1,15}$" });

function listOf(from: string, before: string): KeysetList<never, typeof RemainingCount> {
	return new KeysetList<never, typeof RemainingCount>({
		name: `refill ${from} ${before}`,
		value: RemainingCount,
		id: Position,
		keysetOf: row => row
	});
}

/** @throws VALIDATION_FAILED for an invalid cursor or one of another refill */
function resumeRefill(cursor: string, from: string, before = ""): Position {
	const { value: left, id } = listOf(from, before).after(cursor)!;
	return { before, left, after: Number(id) };
}
