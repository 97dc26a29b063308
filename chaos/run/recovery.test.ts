import { recoveries, slowest } from "./recovery.ts";

const kill = (ms: number, service: string) => ({ at: new Date(ms), node: `${service}-1`, service });

describe("recovery after a kill", () => {
	const found = recoveries(
		[kill(100, "order"), kill(200, "user")],
		{ order: [90, 400, 150, 300] },
		[
			{ order_id: "under way", created_at: 50, settled_at: 900 },
			{ order_id: "over", created_at: 50, settled_at: 99 },
			{ order_id: "later", created_at: 250, settled_at: 5000 },
			{ order_id: "lost", created_at: 60, settled_at: null }
		]
	);

	it("of its service: until its next activity", () => {
		expect(found.map(({ serviceMs }) => serviceMs)).toEqual([50, null]);
	});

	it("of the orders then in progress: until the last has settled", () => {
		expect(found.map(({ ordersMs }) => ordersMs)).toEqual([800, 700]);
	});

	it("names the slowest", () => {
		expect(slowest(found, "ordersMs")).toEqual({
			node: "order-1",
			ms: 800,
			order_id: "under way"
		});
		expect(slowest([], "serviceMs")).toBeUndefined();
	});
});
