import { identityOf, ownerScope } from "./identity.ts";

describe("identityOf", () => {
	it("returns the caller, and refuses a call without one", () => {
		expect(identityOf({ user: { id: "user-1", role: "admin" } })).toEqual({
			id: "user-1",
			role: "admin"
		});
		expect(() => identityOf({})).toThrow("Authentication is required");
	});
});

describe("ownerScope", () => {
	it("restricts a customer to their own data, and staff to nothing", () => {
		expect(ownerScope({ user: { id: "user-1", role: "customer" } })).toBe("user-1");
		expect(ownerScope({ user: { id: "user-2", role: "support" } })).toBeUndefined();
		expect(ownerScope({ user: { id: "user-3", role: "admin" } })).toBeUndefined();
		expect(() => ownerScope({})).toThrow("Authentication is required");
	});
});
