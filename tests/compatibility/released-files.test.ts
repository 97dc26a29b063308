import { changedFiles, unexcused } from "./released-files.rules.ts";

describe("a break", () => {
	const golden = (version: number) => `contracts/golden/order.confirmed.v${version}.json`;
	const released = { [golden(1)]: "1", "services/order/migrations/0001_orders.sql": "1" };
	const versions = { released, present: released, types: { OrderEvent: ["order.confirmed"] } };
	const found = {
		text: "event Event.data.total: may be missing now",
		places: ["OrderEvent"],
		isEvent: true
	};
	const intended = { text: found.text, reason: "Totals are free." };

	it("passes with a reason, and is reported without one", () => {
		const one = { ...found, isEvent: false };
		expect(unexcused([one], [intended], versions)).toEqual([]);
		expect(unexcused([one], [], versions)).toEqual([`${found.text} (OrderEvent)`]);
		expect(unexcused([one], [{ ...intended, reason: " " }], versions)).toHaveLength(1);
	});

	it("of an event passes only with a new version of it", () => {
		expect(unexcused([found], [intended], versions)).toEqual([
			`${found.text}: needs a new version of order.confirmed`
		]);
		const present = { ...released, [golden(2)]: "2" };
		expect(unexcused([found], [intended], { ...versions, present })).toEqual([]);
	});

	it("that is intended and not there is reported", () => {
		expect(unexcused([], [intended], versions)).toEqual([
			`intended, and there is no such break: ${found.text}`
		]);
	});

	it.each([
		[
			"changed",
			golden(1),
			`${golden(1)} was changed after its release; keep it, and write the event as the next version (${golden(2)})`
		],
		[
			"removed",
			golden(1),
			`${golden(1)} was removed after its release; keep it, and write the event as the next version (${golden(2)})`
		],
		[
			"changed",
			"services/order/migrations/0001_orders.sql",
			"services/order/migrations/0001_orders.sql was changed after its release; databases keep its checksum: write a new migration"
		],
		[
			"removed",
			"services/order/migrations/0001_orders.sql",
			"services/order/migrations/0001_orders.sql was removed after its release; databases keep its checksum: write a new migration"
		]
	])("of a released file (%s: %s) is not excused", (how, path, sentence) => {
		const others = Object.entries(released).filter(([name]) => name !== path);
		const present = { ...Object.fromEntries(others), ...(how === "changed" && { [path]: "2" }) };
		expect(changedFiles(released, present)).toEqual([sentence]);
		expect(changedFiles(released, { ...released, [golden(2)]: "2" })).toEqual([]);
	});
});
