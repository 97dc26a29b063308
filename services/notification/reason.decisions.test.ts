import { reasonOf } from "./reason.decisions.ts";

describe("reasonOf", () => {
	it.each([
		["550 5.1.1 <zoe@shop.test>: no such user", "550 5.1.1 <(address)>: no such user"],
		["+4915112345678 is opted out", "(number) is opted out"],
		["421 too\r\nmany\tat once ", "421 too many at once"]
	])("of %j is %j", (text, reason) => {
		expect(reasonOf(text)).toBe(reason);
	});

	it("is bounded", () => {
		expect(reasonOf("why ".repeat(1000)).length).toBeLessThanOrEqual(300);
	});
});
