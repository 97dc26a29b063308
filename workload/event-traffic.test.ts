import { OrderEventData } from "../contracts/events.ts";
import { validate } from "../lib/validator.ts";
import { grouped } from "../chaos/checkers/checker.ts";
import { traffic } from "./event-traffic.ts";

const from = new Date("2026-03-01T12:00:00Z");
const options = { seed: 7, events: 5000, from, minutes: 30, users: ["u-1", "u-2", "u-3"] };
const all = traffic(options);

describe("the traffic", () => {
	it("has the requested number, in every minute", () => {
		expect(all.length).toBeGreaterThanOrEqual(5000);
		const sales = all.filter(({ type }) => type === "order.confirmed");
		const minutes = new Set(
			sales.map(({ occurred_at }) => Math.floor((+occurred_at - +from) / 60_000))
		);
		expect([...minutes].filter(minute => minute >= 0)).toHaveLength(30);
	});

	it("is valid, and each order's events are written in their order", () => {
		expect(all.flatMap(({ payload }) => validate(OrderEventData, payload))).toEqual([]);
		for (const events of grouped(all, ({ order_id }) => order_id).values())
			expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
	});

	it("has a tenth out of order, a hundredth late and some more than a day late", () => {
		const orders = [...grouped(all, ({ order_id }) => order_id).values()].map(([first]) => first!);
		const share = (is: (behindMs: number) => boolean) =>
			orders.filter(({ occurred_at, writtenMs }) => is(+from + writtenMs - +occurred_at)).length /
			orders.length;
		expect(share(ms => ms >= 1000 && ms <= 30_000)).toBeGreaterThan(0.07);
		expect(share(ms => ms >= 120_000 && ms < 3_600_000)).toBeGreaterThan(0.003);
		expect(share(ms => ms > 24 * 3_600_000)).toBeGreaterThan(0.001);
	});

	it("differs by seed, and is the same except for ids with the same seed", () => {
		const bare = (seed: number) =>
			traffic({ ...options, seed }).map(({ type, writtenMs }) => [type, writtenMs]);
		expect(bare(7)).toEqual(bare(7));
		expect(bare(8)).not.toEqual(bare(7));
	});
});
