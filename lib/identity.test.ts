import { identityOf, ownerScope } from "./identity.ts";

describe("identityOf", () => {
	it("gives the caller, and refuses a call without one", () => {
		expect(identityOf({ user: { id: "user-1", role: "admin" } })).toEqual({
			id: "user-1",
			role: "admin"
		});
		expect(() => identityOf({})).toThrow("Authentication is required");
	});
});

describe("ownerScope", () => {
	it("narrows a customer to what is the customer's own, and staff to nothing", () => {
		expect(ownerScope({ user: { id: "user-1", role: "customer" } })).toBe("user-1");
		expect(ownerScope({ user: { id: "user-2", role: "support" } })).toBeUndefined();
		expect(ownerScope({ user: { id: "user-3", role: "admin" } })).toBeUndefined();
		expect(() => ownerScope({})).toThrow("Authentication is required");
	});
});
