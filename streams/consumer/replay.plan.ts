import { maxClockSkewMs } from "../clock-skew.ts";
import type { Driver, Extent } from "../driver.ts";

/** Where a replay begins: at what the log took at a time, at one offset of all partitions, or at the oldest message. */
export type Start = { readonly at: Date } | { readonly offset: bigint } | "oldest";

/** Messages of a partition to be read again: from `from` up to, but excluding, `until`. */
export interface Span {
	partition: number;
	from: bigint;
	until: bigint;
	/** The oldest message in the log. */
	first: bigint;
	/** The log was lost and started again: it ends before the consumer's position in the old one. */
	lost: boolean;
}

export interface Plan {
	spans: Span[];
	/** All events with this event time or later are in the spans. Milliseconds since the epoch. */
	floorMs: number;
	/** The oldest messages have expired, and requested ones may be among them. */
	isShort: boolean;
}

/** How far a consumer has come in a partition. */
export interface Reached {
	next: bigint;
	/** When it last handled a message that it had not handled before, in ms since the epoch. */
	movedAtMs: number;
	/** Where the log begins for the shop: what is before it is of an earlier use of the topic, and is never replayed. */
	start: bigint;
}

/** What the log has of a partition since the shop uses it. */
interface OwnExtent extends Extent {
	/** Its first messages have expired. */
	isCut: boolean;
}

const minuteMs = 60_000;

/**
 * Plans a replay. Events are in the log after their event time, so that all from `floorMs` on
 * are found from the spans' start on. Floors are whole minutes, as windows are.
 * @param reached by partition; those that are missing were never read
 */
export async function planReplay(
	driver: Pick<Driver, "extents" | "offsetsAt">,
	topic: string,
	start: Start,
	reached: ReadonlyMap<number, Reached>
): Promise<Plan> {
	const extents = (await driver.extents(topic)).map(extent => ownExtent(extent, reached));
	if (typeof start === "object" && "at" in start)
		return planFromTime(driver, topic, start.at, extents, reached);
	const wanted = start === "oldest" ? 0n : start.offset;
	const spans = spansOf(extents, () => wanted, reached);
	const unreadMs = lastOf(
		spans.filter(({ from, until }) => from === until),
		reached
	);
	const isWhole = extents.every(({ isCut }) => !isCut);
	if (unreadMs === 0 && isWhole && spans.every(({ from, first }) => from === first))
		return { spans, floorMs: 0, isShort: false };
	const missingMs = Math.max(await timeOf(driver, topic, spans), unreadMs);
	return { spans, floorMs: upToMinute(missingMs + maxClockSkewMs), isShort: false };
}

async function planFromTime(
	driver: Pick<Driver, "offsetsAt">,
	topic: string,
	at: Date,
	extents: readonly OwnExtent[],
	reached: ReadonlyMap<number, Reached>
): Promise<Plan> {
	const floorMs = Math.floor(at.getTime() / minuteMs) * minuteMs;
	const offsets = await driver.offsetsAt(topic, new Date(Math.max(0, floorMs - maxClockSkewMs)));
	const spans = spansOf(extents, partition => offsets.get(partition) ?? 0n, reached);
	const isShort = extents.some(
		({ partition, first, next, isCut }) =>
			isCut && next > first && (offsets.get(partition) ?? 0n) <= first
	);
	// Their messages have all expired, and with them their times.
	const expired = extents.filter(({ first, next, isCut }) => isCut && first === next);
	return {
		spans,
		floorMs,
		isShort: isShort || lastOf(expired, reached) + maxClockSkewMs > floorMs
	};
}

function ownExtent(extent: Extent, reached: ReadonlyMap<number, Reached>): OwnExtent {
	const { partition, first, next } = extent;
	const known = reached.get(partition);
	// A log that ends before the position was lost since, and with it where it began.
	const begin = !known || known.next > next ? 0n : known.start;
	return { partition, first: greatest(first, begin), next, isCut: first > begin };
}

/**
 * No message of these partitions was handled later than this. A replay that reads none of them again must not reset the
 * effect of any. 0 if they were never read.
 */
function lastOf(
	partitions: readonly Pick<Extent, "partition">[],
	reached: ReadonlyMap<number, Reached>
): number {
	const read = partitions.flatMap(({ partition }) => reached.get(partition) ?? []);
	const moved = read.filter(({ next, start }) => next > start);
	return Math.max(0, ...moved.map(({ movedAtMs }) => movedAtMs));
}

/**
 * The plan, started early enough for messages that were ahead of the log's clock: their event time
 * is after their time in the log.
 * @param ahead by partition: the first of them whose effect is reset
 */
export function extendBack(plan: Plan, ahead: ReadonlyMap<number, bigint>): Plan {
	// The offsets of a lost log mean nothing in this one.
	const aheadOf = ({ partition, from, until, lost }: Span) => {
		const offset = ahead.get(partition) ?? until;
		return lost || offset >= until ? from : offset;
	};
	const isGone = plan.spans.some(span => aheadOf(span) < span.first);
	const spans = plan.spans.map(span => ({
		...span,
		from: greatest(least(span.from, aheadOf(span)), span.first)
	}));
	return { ...plan, spans, isShort: plan.isShort || isGone };
}

function spansOf(
	extents: readonly Extent[],
	wanted: (partition: number) => bigint,
	reached: ReadonlyMap<number, Reached>
): Span[] {
	return extents.map(({ partition, first, next }) => {
		const at = reached.get(partition)?.next ?? 0n;
		const until = greatest(least(at, next), first);
		const from = least(greatest(wanted(partition), first), until);
		return { partition, from, until, first, lost: at > next };
	});
}

/**
 * When the log took the first messages of the spans, the latest of them, in milliseconds. The log only finds
 * offsets by time, not times by offset, so this is a binary search with some 45 queries.
 */
async function timeOf(
	driver: Pick<Driver, "offsetsAt">,
	topic: string,
	spans: readonly Span[]
): Promise<number> {
	const asked = spans.filter(({ from, until }) => from < until);
	if (asked.length === 0) return 0;
	const isBehind = async (ms: number) => {
		const offsets = await driver.offsetsAt(topic, new Date(ms));
		return asked.every(({ partition, from }) => offsets.get(partition)! > from);
	};
	let [low, high] = [0, Date.now() + 24 * 3_600_000];
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (await isBehind(middle)) high = middle;
		else low = middle + 1;
	}
	return low;
}

const upToMinute = (ms: number) => Math.ceil(ms / minuteMs) * minuteMs;
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const greatest = (a: bigint, b: bigint) => (a > b ? a : b);
