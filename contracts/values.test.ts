import { validate } from "../lib/validator.ts";
import { product } from "./product.ts";
import { text } from "./values.ts";

describe("a line of text", () => {
	const line = text(10);

	it.each(["Zoë", "山田 太郎", "👩‍💻", "می‌خواهم", " padded ", "0"])("takes %j", value => {
		expect(validate(line, value)).toEqual([]);
	});

	it.each([
		["nothing", ""],
		["blanks", "   "],
		["a line break", "a\nb"],
		["a line separator", "a\u2028b"],
		["invisible characters", "\u200B \u2060"],
		["NUL", "a\u0000"],
		["a bidi control character", "a\u202Eb"],
		["an isolate", "a\u2066b"],
		["too much", "x".repeat(11)]
	])("refuses %s", (_, value) => {
		expect(validate(line, value)).toHaveLength(1);
	});
});

describe("a change of stock", () => {
	const change = (delta: number) =>
		validate(product.actions["stock.adjust"].params, {
			product_id: "prod-001",
			delta,
			reason: "counted",
			idempotency_key: "k"
		});

	it("is positive or negative, and never 0", () => {
		expect([change(1), change(-1)]).toEqual([[], []]);
		expect(change(0)).toMatchObject([{ pointer: "/delta" }]);
	});
});
