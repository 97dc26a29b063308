import { expectFailure } from "../tests/support/expect-failure.ts";
import { accessInWords, requireRole } from "./access.ts";

describe("access in words", () => {
	it.each([
		["anyone", "Anyone may call this, without signing in."],
		["internal", "Only services of the shop call this."],
		[["admin"], "This needs the role admin."],
		[["support", "admin"], "This needs the role support or admin."],
		[["customer", "support", "admin"], "This needs the role customer, support or admin."]
	] as const)("of %j is: %s", (access, words) => {
		expect(accessInWords(access)).toBe(words);
	});
});

describe("a role that is needed", () => {
	it("lets those in who have it", () => {
		expect(() => requireRole({ role: "admin" }, ["support", "admin"])).not.toThrow();
	});

	it("is named to those who do not, for people and for programs", async () => {
		const refused = () => requireRole({ role: "customer" }, ["support", "admin"]);
		const { data } = await expectFailure(refused, "FORBIDDEN");
		expect(data).toEqual({
			detail: "This needs the role support or admin; your role is customer",
			requiredRoles: ["support", "admin"]
		});
	});
});
