import type { Return } from "../../../contracts/order.ts";
import { operations, type Operation } from "../../../services/gateway/operations.ts";
import type { Account } from "../../support/shop/api-client.ts";
import { placed } from "./rest.orders.ts";
import { notificationOf } from "./rest.notifications.ts";
import { delivered, some } from "./rest.returns.ts";
import { pinged } from "./rest.webhooks.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";

const roles = { alice: "customer", bob: "customer", support: "support", admin: "admin" } as const;
const callers = Object.keys(roles) as Account[];

const guarded = operations.filter(({ action }) => action.access !== "anyone");
const rolesOf = ({ roles: some, action }: Operation) =>
	(some ?? action.access) as readonly string[];

/** Access control, from the table itself: every guarded operation by every kind of caller. */
export function accessTests(shop: Shop): void {
	let ids: Record<
		"order" | "payment" | "product" | "return" | "message" | "webhook" | "delivery",
		string
	>;

	beforeAll(async () => {
		const product = await shop.product(1);
		const order = await placed(shop, product.id);
		const own = await delivered(shop);
		const { body } = await shop
			.as("alice")
			.post<Return>(`${own.path}/returns`, some(own.product, 1));
		const message = (await notificationOf(shop, order)).id;
		const { webhook, delivery } = await pinged(shop);
		ids = {
			webhook,
			delivery,
			order: order.id,
			payment: order.payment!.id,
			product: product.id,
			return: body.id,
			message
		};
	}, 60_000);

	/** The path with ids of Alice's objects. The body is empty, so that nothing changes. */
	function pathOf({ path }: Operation): string {
		const byPrefix = {
			"orders/": ids.order,
			"ops/sagas/": ids.order,
			"ops/streams/": ids.order,
			"returns/": ids.return,
			"payments/": ids.payment,
			"notifications/": ids.message,
			"users/": "user-123",
			"webhooks/": ids.webhook
		};
		const found = Object.entries(byPrefix).find(([of]) => path.startsWith(`/api/v1/${of}`));
		// Of the two ids of a path, the second one is a delivery's.
		return path.replace(/\{\w+\}/, found?.[1] ?? ids.product).replace(/\{\w+\}/, ids.delivery);
	}

	function request(who: Account | "anonymous", operation: Operation) {
		// An unknown member keeps commands from having an effect: they respond 422 once access is granted.
		const body = operation.inBody ? { "": 0 } : undefined;
		const target =
			operation.method === "DELETE" ? `${pathOf(operation)}?surprise=1` : pathOf(operation);
		return shop.as(who).send(operation.method, target, { body });
	}

	describe.each(guarded.map(operation => [operation.id, operation] as const))(
		"%s",
		(_, operation) => {
			it("requires authentication", async () => {
				const { status, headers, body } = await request("anonymous", operation);
				expect([status, body.code, headers.get("www-authenticate")]).toEqual([
					401,
					"unauthenticated",
					"Bearer"
				]);
			});

			for (const who of callers.filter(who => !rolesOf(operation).includes(roles[who])))
				it(`refuses ${who}`, async () => {
					const answer = await request(who, operation);
					expectProblem(answer, "FORBIDDEN");
					expect(answer.body).toMatchObject({
						detail: expect.stringContaining(`your role is ${roles[who]}`),
						required_roles: rolesOf(operation)
					});
				});

			for (const who of callers.filter(who => rolesOf(operation).includes(roles[who])))
				it(`lets ${who} in`, async () => {
					// Streams stay open: only their headers are read.
					const { status } = await (operation.live
						? shop.as(who).send("HEAD", operation.path)
						: request(who, operation));
					const isAtRest = /^get(Saga|\w+Letter)$/.test(operation.id);
					const isForeign = isAtRest || (who === "bob" && operation.path.includes("{"));
					const isRefused = operation.inBody !== undefined || operation.method === "DELETE";
					expect(status).toBe(isRefused ? 422 : isForeign ? 404 : 200);
				});
		}
	);
}
