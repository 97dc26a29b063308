import { orderStatuses } from "../contracts/order-status.ts";
import { firstGolden, generated, read, stale } from "../scripts/generated-files.ts";
import { replaceBetween } from "../scripts/order-states.ts";

describe("the generated files", () => {
	it("are up to date", () => {
		expect(stale(read)).toEqual([]);
	});

	it("are reported as stale, each by itself, when one changes or is missing", () => {
		for (const path of Object.keys(generated)) {
			expect(stale(other => (other === path ? `${read(other)} ` : read(other)))).toEqual([path]);
			expect(stale(other => (other === path ? undefined : read(other)))).toEqual([path]);
		}
	});
});

describe("the golden files of order events", () => {
	it("are written once: a missing one is reported, and a changed one is not written again", () => {
		for (const path of Object.keys(firstGolden)) {
			expect(stale(other => (other === path ? undefined : read(other)))).toEqual([path]);
			expect(stale(other => (other === path ? "{}" : read(other)))).toEqual([]);
		}
	});
});

describe("db/schema.sql", () => {
	it("allows the statuses of the contract, and no others (else: a migration is missing)", () => {
		const check = /constraint orders_status_check CHECK .*/.exec(read("db/schema.sql")!)![0];
		const allowed = [...check.matchAll(/'(\w+)'/g)].map(([, status]) => status);
		expect(allowed.toSorted()).toEqual(orderStatuses.toSorted());
	});
});

describe("replaceBetween", () => {
	it("replaces only the text between the markers", () => {
		const text = "a <!-- x --> old <!-- /x --> b";
		expect(replaceBetween(text, "x", "new")).toBe("a <!-- x -->\n\nnew\n\n<!-- /x --> b");
	});

	it("refuses a text without the markers", () => {
		expect(() => replaceBetween("a", "x", "new")).toThrow("There is no <!-- x -->");
	});
});
