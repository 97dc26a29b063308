import { soakTable, streamTables, table } from "./figures-text.ts";

it("aligns texts to the left, and numbers with their thousands to the right", () => {
	expect(
		table(
			["what", "per second"],
			[
				["read", 12_345],
				["a longer one", 7.5]
			]
		)
	).toBe(
		["what          per second", "read              12,345", "a longer one         7.5"].join("\n")
	);
	expect(table(["minute", "orders"], [])).toBe("minute  orders");
});

it("has every figure of the streams with its unit", () => {
	const text = streamTables({
		latency: [
			{
				perSecond: 50,
				pickUp: { p50: 1.5, p99: 2, count: 500 },
				counted: { p50: 30.1, p99: 44, count: 499 }
			}
		],
		published: { "1": 900, "100": 41_000 },
		read: 52_000,
		parsed: 33_000,
		live: { customers: 32, orders: 61, events: 180 },
		replayed: 9100,
		replayOver: { liveOrders: 149.2, liveEvents: 50.6 }
	});
	expect(text).toMatch(
		/^events\/s {2}picked up p50 \(ms\) .* events\n +50 +1\.5 +2 +30\.1 +44 +499$/m
	);
	for (const line of [
		/^published in batches of 100 +41,000 {2}messages$/m,
		/^read by one member +52,000 {2}messages$/m,
		/^parsed and validated by one core +33,000 {2}events$/m,
		/^sold live to 32 customers +61 {2}orders$/m,
		/^replayed +9,100 {2}events$/m,
		/^A replay is 149\.2 times as fast as live orders, and 50\.6 times as fast as live events\.$/m
	])
		expect(text).toMatch(line);
});

it("has a row for each minute of a soak", () => {
	expect(soakTable([{ minute: 1, orders: 2400, memoryMb: 431 }])).toBe(
		"minute  orders  memory (MB)\n     1   2,400          431"
	);
});
