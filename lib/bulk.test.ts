import { bulk } from "./bulk.ts";

const lines = bulk({ order_id: "uuid", quantity: "int", offset: "bigint" }, 3);

describe("rows of a bulk statement", () => {
	it("have their names and types in the SQL", () => {
		expect(lines.as("line")).toBe(
			'unnest($3::uuid[], $4::int[], $5::bigint[]) as line("order_id", "quantity", "offset")'
		);
		expect(lines.next).toBe(6);
	});

	it("become one array per column, in any order of members", () => {
		const rows = [
			{ quantity: 2, order_id: "a", offset: 7n },
			{ offset: null, order_id: "b", quantity: undefined }
		];
		expect(lines.values(rows)).toEqual([
			["a", "b"],
			[2, null],
			[7n, null]
		]);
		expect(lines.values([])).toEqual([[], [], []]);
	});

	it("need every column, of its type", () => {
		// @ts-expect-error a column is missing
		lines.values([{ order_id: "a", quantity: 1 }]);
		// @ts-expect-error text for a number
		lines.values([{ order_id: "a", quantity: "1", offset: 1 }]);
	});
});
