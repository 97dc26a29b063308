import type { Refill } from "../../../contracts/streams.ts";
import type { Database } from "../../../db/database.ts";
import { KeysetList } from "../../../lib/keyset.ts";
import { T } from "../../../lib/schema.ts";

/** Which events: instants. `before` and `cursor` are of the answer to the page before. */
export interface RefillRequest {
	from: string;
	before?: string | undefined;
	cursor?: string | undefined;
	/** Only counts them. */
	dry: boolean;
}

/** Events that a page goes through; of them it takes those that are asked for. */
const pageSize = 5000;
const RemainingCount = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * Has events of `from` or later published again that were published before `before`, a page of them.
 * They are counted once, at the beginning; the cursor carries on what is left of that. Whoever has
 * handled them knows them by their ids, so a refill that broke off may be begun anew.
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
	// Another refill may have taken some of those that were counted, but there is one to look for yet.
	const still = Math.max(1, left - refilled);
	const next_cursor = listOf(from, before).cursor({ value: still, id: String(reached) });
	return { refilled, left: still, before, next_cursor };
}

interface Position {
	before: string;
	left: number;
	/** Events up to this id are done with. */
	after: number;
}

/** Counts them, and finds the first one. */
function startRefill(db: Database, from: string, given: string | undefined): Promise<Position> {
	return db.transaction(async tx => {
		// More than a statement of a request may take, and not by keys, because it may be all there are.
		const [{ now } = {}] = await tx.query<{ now?: Date }>({
			name: "outbox_refill_begin",
			text: `select set_config('statement_timeout', '30s', true), set_config('enable_seqscan', 'on', true),
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

/** @throws VALIDATION_FAILED for a cursor of another refill, or of none */
function resumeRefill(cursor: string, from: string, before = ""): Position {
	const { value: left, id } = listOf(from, before).after(cursor)!;
	return { before, left, after: Number(id) };
}
