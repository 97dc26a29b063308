import { analytics } from "../../contracts/analytics.ts";
import { notification } from "../../contracts/notification.ts";
import { order } from "../../contracts/order.ts";
import { payment } from "../../contracts/payment.ts";
import { product } from "../../contracts/product.ts";
import { user } from "../../contracts/user.ts";
import { allowed, operations, paths, toOperation, type Operation } from "./operations.ts";

const byId = (id: string) => operations.find(operation => operation.id === id)!;
const names = (schema: Operation["inPath"] | undefined) => Object.keys(schema?.properties ?? {});

describe("the table of routes", () => {
	it("has no duplicate operation", () => {
		const requests = operations.map(({ method, path }) => `${method} ${path}`);
		expect(new Set(requests).size).toBe(operations.length);
		expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
	});

	it("has every action of the contracts that is not internal", () => {
		const open = [user, product, order, payment, notification, analytics]
			.flatMap(({ actions }) => Object.values(actions))
			.filter(({ access }) => access !== "internal")
			.map(({ name }) => name);
		const served = new Set(operations.map(({ action }) => action.name));
		expect(open.filter(name => !served.has(name))).toEqual([]);
	});

	it.each(operations.map(operation => [operation.id, operation] as const))(
		"%s states its access rules and has all parameters of its action",
		(_, operation) => {
			const { action, inPath, inQuery, inHeaders, inBody, payload, omit = [] } = operation;
			expect(action.access === "anyone" || action.access.length > 0).toBe(true);
			const body = payload ? [payload] : names(inBody);
			const places = [...names(inPath), ...names(inQuery), ...body, ...inHeaders];
			expect([...places, ...omit].sort()).toEqual(Object.keys(action.params.properties).sort());
			expect(places).toEqual(expect.arrayContaining(action.params.required ?? []));
		}
	);

	it("lets a route restrict the roles of its action and never extend them", () => {
		for (const { roles, action } of operations.filter(({ roles }) => roles))
			expect(action.access).toEqual(expect.arrayContaining([...roles!]));
	});

	it("refuses a route to an internal action", () => {
		const route = { id: "x", method: "POST", path: "/x", action: product.actions.reserve } as const;
		expect(() => toOperation("x", route)).toThrow("product.reserve is internal");
	});

	it("refuses a path whose parameter the action does not have", () => {
		const route = { id: "x", method: "GET", path: "/{nope}", action: product.actions.get } as const;
		expect(() => toOperation("x", route)).toThrow("no parameter nope");
	});
});

describe("the source of a parameter", () => {
	it("is the path, a header, the query or the body, and never two", () => {
		const { inPath, inQuery, inHeaders, inBody } = byId("adjustStock");
		expect(names(inPath)).toEqual(["product_id"]);
		expect(names(inQuery)).toEqual([]);
		expect(inHeaders).toEqual(["idempotency_key"]);
		expect(names(inBody)).toEqual(["delta", "reason"]);
		expect(names(byId("listProducts").inQuery)).toContain("min_price");
		expect(byId("archiveProduct").inHeaders).toEqual(["version"]);
	});

	it("does not expose parameters that customers may not set", () => {
		expect(names(byId("updateMe").inBody)).toEqual(["name", "locale", "phone"]);
		expect(names(byId("updateUser").inBody)).toEqual(["name", "locale", "phone", "role", "locked"]);
	});
});

describe("Allow", () => {
	it("names the methods of a path, HEAD with GET", () => {
		expect(allowed("/api/v1/products/{id}")).toBe("GET, HEAD, PATCH, DELETE");
		expect(allowed("/api/v1/auth/login")).toBe("POST");
		expect(paths.size).toBeLessThan(operations.length);
	});
});
