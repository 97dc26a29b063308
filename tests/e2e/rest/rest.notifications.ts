import { randomUUID } from "node:crypto";
import type { Notification, Preferences, Preview } from "../../../contracts/notification.ts";
import type { Order } from "../../../contracts/order.ts";
import { until } from "../../support/until.ts";
import { basket, placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";

const messages = "/api/v1/notifications";
const preferences = "/api/v1/users/me/notification-preferences";

/** The first message of Alice about an order, once it has been sent. */
export function notificationOf(shop: Shop, order: Order): Promise<Notification> {
	return until(async () => {
		const { body } = await shop.as("alice").get<{ data: Notification[] }>(`${messages}?limit=100`);
		return body.data.find(({ order_id, state }) => order_id === order.id && state === "sent");
	}, 30_000);
}

/** Messages as customers and staff see them. */
export function notificationTests(shop: Shop): void {
	describe("a message about an order", () => {
		let message: Notification;
		beforeAll(async () => {
			message = await notificationOf(shop, await placed(shop, (await shop.product(1)).id));
		}, 40_000);

		it("is listed for its recipient and for staff only", async () => {
			expect(message).toMatchObject({ kind: "order_confirmation", user_id: "user-123" });
			const { status } = await shop.as("bob").get(`${messages}/${message.id}`);
			expect(status).toBe(404);
			const { body } = await shop.as("support").get(`${messages}/${message.id}`);
			expect(message.provider_id).toBeNull();
			expect(body).toEqual({ ...message, provider_id: expect.any(String) });
			const foreign = await shop.as("bob").get(`${messages}?user_id=user-123`);
			expectProblem(foreign, "FORBIDDEN");
		});

		it("can be rendered and resent by support", async () => {
			const { body } = await shop.as("support").get<Preview>(`${messages}/${message.id}/preview`);
			expect(body.text).toContain(message.order_id);
			const again = await shop.as("support").post<Notification>(`${messages}/${message.id}/resend`);
			expect([again.status, again.body.resends]).toEqual([200, 1]);
			await until(async () => {
				const { body: now } = await shop
					.as("support")
					.get<Notification>(`${messages}/${message.id}`);
				return now.state === "sent" && now.provider_id !== null;
			}, 30_000);
		}, 40_000);

		it("that is not there is not found", async () => {
			for (const path of ["", "/preview"])
				expect((await shop.as("admin").get(`${messages}/${randomUUID()}${path}`)).status).toBe(404);
		});
	});

	describe("a customer's preferences", () => {
		const bob = () => shop.as("bob");
		afterAll(() => bob().send("PUT", preferences, { body: {} }));

		it("is replaced as a whole, and omitted kinds use the default", async () => {
			const body = { refund: ["sms", "email"], shipment: [] };
			const { status } = await bob().send("PUT", preferences, { body });
			expect(status).toBe(200);
			await bob().send("PUT", preferences, { body: { shipment: [] } });
			const { body: now } = await bob().get<Preferences>(preferences);
			expect([now.refund, now.shipment]).toEqual([["email"], []]);
		});

		it.each<[string, unknown]>([
			["of an unknown kind", { gossip: ["email"] }],
			["of a kind for staff only", { low_stock: ["email"] }],
			["of another kind for staff only", { webhook_disabled: ["email"] }],
			["of an unknown channel", { refund: ["pigeon"] }],
			["of a channel that cannot be chosen", { refund: ["sns_topic"] }],
			["of a channel twice", { refund: ["email", "email"] }],
			["that is no list", { refund: "email" }]
		])("%s is refused", async (_, body) => {
			const answer = await bob().send("PUT", preferences, { body });
			expectProblem(answer, "VALIDATION_FAILED");
		});

		it("stops messages about their orders", async () => {
			await bob().send("PUT", preferences, { body: { order_confirmation: [] } });
			const { id: product } = await shop.product(2);
			const { body: silent } = await bob().post<Order>("/api/v1/orders", basket(product, 1), {
				headers: { prefer: "wait=10" }
			});
			expect(silent.status).toBe("confirmed");
			const loud = await placed(shop, product);
			await notificationOf(shop, loud);
			const { body } = await bob().get<{ data: Notification[] }>(`${messages}?limit=100`);
			expect(body.data.map(({ order_id }) => order_id)).not.toContain(silent.id);
		}, 40_000);
	});
}
