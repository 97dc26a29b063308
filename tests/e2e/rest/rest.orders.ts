import { randomUUID } from "node:crypto";
import type { Order, OrderEvent } from "../../../contracts/order.ts";
import type { Product } from "../../../contracts/product.ts";
import type { Options } from "../../support/shop/api-client.ts";
import { address } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";

export function basket(productId: string, quantity = 1, more: object = {}) {
	return {
		items: [{ product_id: productId, quantity }],
		shipping_address: address,
		payment_method: "pm_card_visa",
		...more
	};
}

/** Places an order as Alice and waits for its outcome. */
export async function placed(shop: Shop, productId: string, more: object = {}): Promise<Order> {
	const options: Options = { headers: { prefer: "wait=10" } };
	const { status, body } = await shop
		.as("alice")
		.post<Order>("/api/v1/orders", basket(productId, 1, more), options);
	expect(status).toBe(201);
	return body;
}

const withoutInstance = ({ instance: _instance, ...problem }: Record<string, unknown>) => problem;

export function orderTests(shop: Shop): void {
	const available = async (id: string) =>
		(await shop.as("anonymous").get<Product>(`/api/v1/products/${id}`)).body.available;

	describe("an order", () => {
		it("is pending at first and then confirmed and paid", async () => {
			const { id } = await shop.product(10);
			const answer = await shop.as("alice").post<Order>("/api/v1/orders", basket(id, 2));
			expect([answer.status, answer.body.status, answer.body.version]).toEqual([201, "pending", 1]);
			expect(answer.headers.get("location")).toBe(`/api/v1/orders/${answer.body.id}`);
			expect(answer.headers.get("preference-applied")).toBeNull();
			expect(answer.body).toMatchObject({
				user_id: "user-123",
				items: [
					{
						product_id: id,
						quantity: 2,
						unit_price: { amount: 1250 },
						line_total: { amount: 2500 }
					}
				],
				totals: { subtotal: { amount: 2500 }, total: { amount: 2500, currency: "USD" } },
				shipping_address: { country: "US" },
				payment: null
			});
			const order = await until(async () => {
				const { body } = await shop.as("alice").get<Order>(`/api/v1/orders/${answer.body.id}`);
				return body.status === "confirmed" ? body : undefined;
			});
			expect(order.payment).toMatchObject({ status: "succeeded", refunded: { amount: 0 } });
			expect(await available(id)).toBe(8);
		});

		it("is returned with its outcome if the client prefers to wait", async () => {
			const { id } = await shop.product(1);
			const headers = { prefer: "respond-async, wait=10" };
			const answer = await shop.as("alice").post<Order>("/api/v1/orders", basket(id), { headers });
			expect([answer.status, answer.body.status]).toEqual([201, "confirmed"]);
			expect(answer.headers.get("preference-applied")).toBe("wait=10");
		});

		it("merges two lines of one product", async () => {
			const { id } = await shop.product(5);
			const items = [
				{ product_id: id, quantity: 1 },
				{ product_id: id, quantity: 2 }
			];
			const { body } = await shop
				.as("alice")
				.post<Order>("/api/v1/orders", { ...basket(id), items });
			expect(body.items.map(({ quantity }) => quantity)).toEqual([3]);
		});

		it("is cancelled as out of stock when there is too little, and reserves nothing", async () => {
			const { id } = await shop.product(1);
			const headers = { prefer: "wait=10" };
			const { status, body } = await shop
				.as("alice")
				.post<Order>("/api/v1/orders", basket(id, 2), { headers });
			expect([status, body.status, body.reason]).toEqual([201, "cancelled", "out_of_stock"]);
			expect(await available(id)).toBe(1);
		});

		it("ends as payment_failed when the card is declined, and releases its stock", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id, { payment_method: "pm_card_chargeDeclined" });
			expect([order.status, order.payment?.status]).toEqual(["payment_failed", "failed"]);
			await until(async () => (await available(id)) === 1);
		});

		it("is one of 10 confirmed out of 30 and more when 10 units are left", async () => {
			const { id } = await shop.product(10);
			const headers = { prefer: "wait=10" };
			const buy = (n: number) =>
				shop.as(n % 2 ? "alice" : "bob").post<Order>("/api/v1/orders", basket(id), { headers });
			const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => buy(n)));
			const count = (status: string) => answers.filter(({ body }) => body.status === status).length;
			expect(count("confirmed") + count("cancelled")).toBe(30);
			// At once each of the two gets no more than their share; what is left they buy one after the other.
			while ((await available(id)) > 0) answers.push(await buy(answers.length));
			expect(count("confirmed")).toBe(10);
			expect((await buy(0)).body).toMatchObject({ status: "cancelled", reason: "out_of_stock" });
		});

		it("is cancelled with what its customer can do when they would have too much unpaid", async () => {
			const { id, name } = await shop.product(4);
			const headers = { prefer: "wait=10" };
			const { status, body } = await shop
				.as("alice")
				.post<Order>("/api/v1/orders", basket(id, 3), { headers });
			expect([status, body.status, body.reason]).toEqual([201, "cancelled", "reservation_limit"]);
			expect(body.limited_items).toEqual([
				{
					product_id: id,
					quantity: 3,
					limit: 2,
					held: 0,
					detail: `You can have at most 2 of ${name} in unpaid orders at one time. Order no more than that, and more once it is paid.`
				}
			]);
			expect((await shop.as("alice").get<Order>(`/api/v1/orders/${body.id}`)).body).toEqual(body);
			expect(await available(id)).toBe(4);
		});

		it("has a history: every transition, its reason and actor", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			const { body } = await shop
				.as("alice")
				.get<{ data: OrderEvent[] }>(`/api/v1/orders/${order.id}/events`);
			expect(body.data.map(({ to }) => to)).toEqual(["pending", "payment_pending", "confirmed"]);
			expect(body.data[0]).toMatchObject({
				version: 1,
				from: null,
				actor: { id: "user-123", role: "customer" }
			});
			expect(body.data.at(-1)!.version).toBe(order.version);
		});

		it("is shown as of any instant, to those who may see it", async () => {
			const { id } = await shop.product(1);
			const { id: orderId, ...order } = await placed(shop, id);
			const path = `/api/v1/orders/${orderId}`;
			const at = (instant: string, who: "alice" | "bob" = "alice") =>
				shop.as(who).get<Order>(`${path}?at=${encodeURIComponent(instant)}`);
			const atCreation = await at(order.created_at);
			expect([atCreation.status, atCreation.body.updated_at]).toEqual([200, order.created_at]);
			const later = await at("2999-01-01T00:00:00+01:00");
			expect(later.text).toBe((await shop.as("alice").get(path)).text);
			const before = new Date(Date.parse(order.created_at) - 1000).toISOString();
			for (const missing of [await at(before), await at(order.updated_at, "bob")])
				expect([missing.status, missing.body]).toMatchObject([404, { code: "not-found" }]);
			for (const instant of ["", "now", "2026-02-30T00:00:00Z", "2026-01-01", "1767225600"])
				expect(await at(instant)).toMatchObject({
					status: 422,
					body: { code: "validation-failed" }
				});
		});

		it("is refused while the customer has too many open orders", async () => {
			const { id } = await shop.product(100);
			const slow = basket(id, 1, { payment_method: "pm_sim_slow" });
			const many = Array.from({ length: 30 }, () => shop.as("bob").post("/api/v1/orders", slow));
			const answers = await Promise.all(many);
			const refused = answers.filter(({ status }) => status !== 201);
			expect(refused.length).toBeGreaterThanOrEqual(10);
			for (const { status, body, headers } of refused) {
				expect([status, body]).toMatchObject([429, { code: "too-many-open-orders" }]);
				expect(headers.get("retry-after")).toBe("5");
			}
			await until(
				async () => (await shop.as("bob").post("/api/v1/orders", basket(id))).status === 201,
				30_000
			);
		}, 40_000);

		it("is listed for its owner and for staff, by status and page by page", async () => {
			const { id } = await shop.product(5);
			const order = await placed(shop, id);
			const page = await shop
				.as("alice")
				.get<{ data: Order[]; next_cursor: string }>("/api/v1/orders?limit=1&status=confirmed");
			expect(page.body.data.map(o => o.status)).toEqual(["confirmed"]);
			expect(page.headers.get("link")).toContain("limit=1&status=confirmed&cursor=");
			const mine = async (who: "alice" | "bob" | "support") =>
				(await shop.as(who).get<{ data: Order[] }>("/api/v1/orders?limit=100")).body.data.map(
					o => o.id
				);
			expect(await mine("alice")).toContain(order.id);
			expect(await mine("support")).toContain(order.id);
			expect(await mine("bob")).not.toContain(order.id);
			for (const status of ["confirmed", "cancelled"]) {
				const { body } = await shop
					.as("support")
					.get<{ data: Order[] }>(`/api/v1/orders?status=${status}`);
				expect(new Set(body.data.map(order => order.status))).toEqual(new Set([status]));
			}
			expect((await shop.as("alice").get("/api/v1/orders?status=lost")).status).toBe(422);
			const cursor = `cursor=${page.body.next_cursor}`;
			const answers = [
				await shop.as("alice").get(`/api/v1/orders?status=confirmed&${cursor}`),
				await shop.as("alice").get(`/api/v1/orders?${cursor}`),
				await shop.as("bob").get(`/api/v1/orders?status=confirmed&${cursor}`),
				await shop.as("support").get(`/api/v1/orders?status=confirmed&${cursor}`)
			];
			expect(answers.map(({ status }) => status)).toEqual([200, 422, 422, 422]);
		});

		it("of another customer gets the same 404 as one that does not exist, byte for byte", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			for (const rest of ["", "/events", "/payment"]) {
				const foreign = await shop.as("bob").get(`/api/v1/orders/${order.id}${rest}`);
				const missing = await shop.as("bob").get(`/api/v1/orders/${randomUUID()}${rest}`);
				expect(foreign.status).toBe(404);
				expect(withoutInstance(foreign.body)).toEqual(withoutInstance(missing.body));
			}
			expect((await shop.as("bob").post(`/api/v1/orders/${order.id}/cancel`)).status).toBe(404);
		});
	});

	describe("an order is refused", () => {
		it("when its total differs from the expected one, with the current total", async () => {
			const { id } = await shop.product(2);
			const order = (amount: number, currency = "USD") =>
				shop
					.as("alice")
					.post("/api/v1/orders", basket(id, 1, { expected_total: { amount, currency } }));
			for (const wrong of [await order(1), await order(1250, "EUR")]) {
				expectProblem(wrong, "PRICE_CHANGED");
				expect(wrong.body.errors).toEqual([
					{ pointer: "/expected_total", code: "price-changed", detail: "is now 12.50 USD" }
				]);
			}
			const right = await order(1250);
			expect([right.status, (right.body as unknown as Order).totals.total.amount]).toEqual([
				201, 1250
			]);
		});

		it("for someone else", async () => {
			const body = basket("prod-001", 1, { user_id: "user-456" });
			expect((await shop.as("alice").post("/api/v1/orders", body)).status).toBe(403);
			const own = await shop
				.as("alice")
				.post<Order>("/api/v1/orders", { ...body, user_id: "user-123" });
			expect([own.status, own.body.user_id]).toEqual([201, "user-123"]);
		});
	});

	describe("the idempotency key", () => {
		it("turns 20 concurrent requests into one order with one response", async () => {
			const { id } = await shop.product(100);
			const key = randomUUID();
			const answers = await Promise.all(
				Array.from({ length: 20 }, () =>
					shop.as("alice").post("/api/v1/orders", basket(id), { key })
				)
			);
			const done = answers.filter(({ status }) => status === 201);
			for (const { status, body, headers } of answers.filter(({ status }) => status !== 201))
				expect([status, body.code, headers.get("retry-after")]).toEqual([
					409,
					"idempotency-key-in-use",
					"1"
				]);
			expect(new Set(done.map(({ text }) => text)).size).toBe(1);
			const replayed = done.filter(({ headers }) => headers.get("idempotent-replayed") === "true");
			expect(replayed).toHaveLength(done.length - 1);
			await until(async () => (await available(id)) === 99);
			const later = await shop.as("alice").post("/api/v1/orders", basket(id), { key });
			expect([later.status, later.text]).toEqual([201, done[0]!.text]);
		});

		it("is bound to the body and to the caller", async () => {
			const { id } = await shop.product(100);
			const key = randomUUID();
			const first = await shop.as("alice").post<Order>("/api/v1/orders", basket(id), { key });
			const other = await shop.as("alice").post("/api/v1/orders", basket(id, 2), { key });
			expectProblem(other, "IDEMPOTENCY_KEY_REUSED");
			const bobs = await shop.as("bob").post<Order>("/api/v1/orders", basket(id), { key });
			expect(bobs.status).toBe(201);
			expect(bobs.body.id).not.toBe(first.body.id);
		});
	});

	describe("a cancellation", () => {
		it("refunds a confirmed order and restocks its units", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			const { status } = await shop
				.as("alice")
				.post<Order>(`/api/v1/orders/${order.id}/cancel`, { reason: "changed my mind" });
			expect([200, 202]).toContain(status);
			const cancelled = await until(async () => {
				const { body } = await shop.as("alice").get<Order>(`/api/v1/orders/${order.id}`);
				const isOver = ["cancelled", "refunded"].includes(body.status);
				return isOver && body.payment?.refunded.amount === 1250 ? body : undefined;
			});
			expect(cancelled.payment?.status).toBe("succeeded");
			await until(async () => (await available(id)) === 1);
		});

		it("repeats the response under its key, without a body", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			const key = randomUUID();
			const first = await shop
				.as("alice")
				.post(`/api/v1/orders/${order.id}/cancel`, undefined, { key });
			const again = await shop
				.as("alice")
				.post(`/api/v1/orders/${order.id}/cancel`, undefined, { key });
			expect(again.text).toBe(first.text);
			expect(again.headers.get("idempotent-replayed")).toBe("true");
		});

		it("while the order is in progress is accepted, and the order ends cancelled", async () => {
			const { id } = await shop.product(1);
			const slow = basket(id, 1, { payment_method: "pm_sim_slow" });
			const { body: order } = await shop.as("alice").post<Order>("/api/v1/orders", slow);
			const { status, body: asked } = await shop
				.as("alice")
				.post<Order>(`/api/v1/orders/${order.id}/cancel`);
			expect([status, asked.cancel_requested]).toEqual([202, true]);
			const { body: seen } = await shop.as("alice").get<Order>(`/api/v1/orders/${order.id}`);
			if (seen.status === "payment_pending") expect(seen.cancel_requested).toBe(true);
			await until(async () => {
				const { body } = await shop.as("alice").get<Order>(`/api/v1/orders/${order.id}`);
				const isOver = ["cancelled", "refunded"].includes(body.status);
				if (isOver) expect(body).not.toHaveProperty("cancel_requested");
				return isOver;
			}, 20_000);
			await until(async () => (await available(id)) === 1);
		}, 30_000);
	});

	describe("shipping", () => {
		it("takes a confirmed order to its buyer", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			const path = `/api/v1/orders/${order.id}`;
			const early = await shop.as("admin").post(`${path}/deliver`);
			expectProblem(early, "ILLEGAL_TRANSITION");
			const parcel = { carrier: "UPS", tracking_number: "1Z999" };
			const shipped = await shop.as("admin").post<Order>(`${path}/ship`, parcel);
			expect([shipped.status, shipped.body.status, shipped.body.shipment]).toEqual([
				200,
				"shipped",
				parcel
			]);
			expect((await shop.as("alice").post(`${path}/cancel`)).status).toBe(409);
			const delivered = await shop.as("admin").post<Order>(`${path}/deliver`);
			expect([delivered.status, delivered.body.status]).toEqual([200, "delivered"]);
		});

		it("takes If-Match, also to correct the parcel, and refuses it where there is no entity tag", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			const path = `/api/v1/orders/${order.id}`;
			const admin = shop.as("admin");
			const parcel = { carrier: "UPS", tracking_number: "1Z999" };
			const read = (await admin.get(path)).headers.get("etag")!;
			const shipped = await admin.post<Order>(`${path}/ship`, parcel, {
				headers: { "if-match": read }
			});
			expect(shipped.status).toBe(200);
			const other = { carrier: "DHL", tracking_number: "JD01" };
			const late = { "if-match": read };
			const correct = (headers: Record<string, string>) =>
				admin.send("PUT", `${path}/shipment`, { body: other, headers });
			expectProblem(await correct(late), "STALE_VERSION");
			const current = { "if-match": shipped.headers.get("etag")! };
			const corrected = await correct(current);
			expect([corrected.status, corrected.body.shipment]).toEqual([200, other]);
			const items = [{ product_id: id, quantity: 1 }];
			const back = { items, reason: "too small" };
			const ask = (tag: string) =>
				shop.as("alice").post(`${path}/returns`, back, { headers: { "if-match": tag } });
			expectProblem(await ask(current["if-match"]), "STALE_VERSION");
			expectProblem(await ask("*"), "ILLEGAL_TRANSITION");
		});
	});
}
