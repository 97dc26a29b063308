import { recoveries, slowest } from "./recovery.ts";

const kill = (ms: number, service: string) => ({ at: new Date(ms), node: `${service}-1`, service });

describe("how long a kill is felt", () => {
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

	it("by its service: until the next thing that this does", () => {
		expect(found.map(({ serviceMs }) => serviceMs)).toEqual([50, null]);
	});

	it("by the orders then under way: until the last has come to rest", () => {
		expect(found.map(({ ordersMs }) => ordersMs)).toEqual([800, 700]);
	});

	it("and the slowest is named", () => {
		expect(slowest(found, "ordersMs")).toEqual({
			node: "order-1",
			ms: 800,
			order_id: "under way"
		});
		expect(slowest([], "serviceMs")).toBeUndefined();
	});
});
