import { operations, type Operation } from "../../services/gateway/gateway.operations.ts";
import type { Account } from "../support/client.ts";
import { placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";

const roles = { alice: "customer", bob: "customer", support: "support", admin: "admin" } as const;
const callers = Object.keys(roles) as Account[];

const guarded = operations.filter(({ action }) => action.access !== "anyone");
const rolesOf = ({ roles: some, action }: Operation) =>
	(some ?? action.access) as readonly string[];

/** Who may call what, from the table itself: every guarded operation by every kind of caller. */
export function accessTests(shop: Shop): void {
	let ids: { order: string; payment: string; product: string };

	beforeAll(async () => {
		const product = await shop.product(1);
		const order = await placed(shop, product.id);
		ids = { order: order.id, payment: order.payment!.id, product: product.id };
	});

	/** The path with ids of what Alice owns. The body is empty: nothing may change here. */
	function pathOf({ path }: Operation): string {
		const id = /^\/api\/v1\/(orders|ops\/sagas)\//.test(path)
			? ids.order
			: path.startsWith("/api/v1/payments/")
				? ids.payment
				: path.startsWith("/api/v1/users/")
					? "user-123"
					: ids.product;
		return path.replace(/\{\w+\}/, id);
	}

	function request(who: Account | "anonymous", operation: Operation) {
		// An unknown member keeps commands from being carried out: they answer 422 once let in.
		const body = operation.inBody ? { "": 0 } : undefined;
		const target =
			operation.method === "DELETE" ? `${pathOf(operation)}?surprise=1` : pathOf(operation);
		return shop.as(who).send(operation.method, target, { body });
	}

	describe.each(guarded.map(operation => [operation.id, operation] as const))(
		"%s",
		(_, operation) => {
			it("asks who is there", async () => {
				const { status, headers, body } = await request("anonymous", operation);
				expect([status, body.code, headers.get("www-authenticate")]).toEqual([
					401,
					"unauthenticated",
					"Bearer"
				]);
			});

			for (const who of callers.filter(who => !rolesOf(operation).includes(roles[who])))
				it(`refuses ${who}`, async () => {
					const { status, body } = await request(who, operation);
					expect([status, body.code]).toEqual([403, "forbidden"]);
				});

			for (const who of callers.filter(who => rolesOf(operation).includes(roles[who])))
				it(`lets ${who} in`, async () => {
					const { status } = await request(who, operation);
					const isAtRest = operation.id === "getSaga";
					const isForeign = isAtRest || (who === "bob" && operation.path.includes("{"));
					const isRefused = operation.inBody !== undefined || operation.method === "DELETE";
					expect(status).toBe(isRefused ? 422 : isForeign ? 404 : 200);
				});
		}
	);
}
