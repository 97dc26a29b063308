import type { StreamFigures } from "./measure-streams.ts";
import type { SoakMinute } from "./soak.ts";

/** Figures of a run as people read them: a table, with the unit in each heading. */

type Cell = string | number;

const shown = (cell: Cell) => (typeof cell === "number" ? cell.toLocaleString("en-US") : cell);

/** Columns of texts begin, and those of numbers end, at one place. */
export function table(heading: readonly string[], rows: readonly (readonly Cell[])[]): string {
	const lines = [heading, ...rows.map(row => row.map(shown))];
	const widths = heading.map((_, n) => Math.max(...lines.map(line => line[n]!.length)));
	const isNumber = (n: number) => typeof rows[0]?.[n] === "number";
	return lines
		.map(line =>
			line
				.map((text, n) => (isNumber(n) ? text.padStart(widths[n]!) : text.padEnd(widths[n]!)))
				.join("  ")
				.trimEnd()
		)
		.join("\n");
}

export function streamTables(figures: StreamFigures): string {
	const { latency, published, read, parsed, live, replayed, replayOver } = figures;
	const latencies = table(
		["events/s", "picked up p50 (ms)", "p99 (ms)", "counted p50 (ms)", "p99 (ms)", "events"],
		latency.map(({ perSecond, pickUp, counted }) => [
			perSecond,
			pickUp.p50,
			pickUp.p99,
			counted.p50,
			counted.p99,
			counted.count
		])
	);
	const rates = table(
		["what", "per second", "unit"],
		[
			...Object.entries(published).map(([size, rate]): Cell[] => [
				`published in batches of ${size}`,
				rate,
				"messages"
			]),
			["read by one member", read, "messages"],
			["parsed and validated by one core", parsed, "events"],
			[`sold live to ${live.customers} customers`, live.orders, "orders"],
			["of these, live", live.events, "events"],
			["replayed", replayed, "events"]
		]
	);
	const { liveOrders, liveEvents } = replayOver;
	return `${latencies}\n\n${rates}\n\nA replay is ${liveOrders} times as fast as live orders, and ${liveEvents} times as fast as live events.`;
}

export function soakTable(minutes: readonly SoakMinute[]): string {
	return table(
		["minute", "orders", "memory (MB)"],
		minutes.map(({ minute, orders, memoryMb }) => [minute, orders, memoryMb])
	);
}
