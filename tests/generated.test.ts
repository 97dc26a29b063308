import { generated, read, stale } from "../scripts/generated.ts";
import { replaceBetween } from "../scripts/order-states.ts";

describe("the generated files", () => {
	it("are up to date", () => {
		expect(stale(read)).toEqual([]);
	});

	it.each(Object.keys(generated))("include %s, whose change is seen", path => {
		const changed = (other: string) => {
			const text = read(other)!;
			return other === path ? text.replace(/pending|PORT/, "changed") : text;
		};
		expect(stale(changed)).toEqual([path]);
		expect(stale(other => (other === path ? undefined : read(other)))).toEqual([path]);
	});
});

describe("replaceBetween", () => {
	it("replaces what stands between the marks, and only that", () => {
		const text = "a <!-- x --> old <!-- /x --> b";
		expect(replaceBetween(text, "x", "new")).toBe("a <!-- x -->\n\nnew\n\n<!-- /x --> b");
	});

	it("refuses a text without the marks", () => {
		expect(() => replaceBetween("a", "x", "new")).toThrow("There is no <!-- x -->");
	});
});
