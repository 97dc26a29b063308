import { randomUUID } from "node:crypto";
import type { OrderSaga } from "../../../contracts/order-saga.ts";
import type { Order } from "../../../contracts/order.ts";
import { until } from "../../support/until.ts";
import { basket, placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";

const sagas = "/api/v1/ops/sagas";
const forceCancel = { decision: "cancel", note: "the customer called" };

/** Running sagas as staff see them, and how staff retry or cancel them. */
export function sagaTests(shop: Shop): void {
	const admin = () => shop.as("admin");

	describe("an order in progress", () => {
		it("is shown with its step, and ends as cancelled or refunded once staff cancel it", async () => {
			const { id: product } = await shop.product(1);
			const slow = basket(product, 1, { payment_method: "pm_sim_slow" });
			const { body: order } = await shop.as("alice").post<Order>("/api/v1/orders", slow);
			const { body: saga } = await admin().get<OrderSaga>(`${sagas}/${order.id}`);
			expect(saga).toMatchObject({ order_id: order.id, step: "forward", cancel_requested: false });
			const { body: list } = await admin().get<{ data: OrderSaga[] }>(`${sagas}?limit=100`);
			expect(list.data.map(({ order_id }) => order_id)).toContain(order.id);
			const { status, body } = await admin().post<OrderSaga>(
				`${sagas}/${order.id}/resolve`,
				forceCancel
			);
			expect([status, body.cancel_requested]).toEqual([200, true]);
			await until(async () => {
				const { body: now } = await shop.as("alice").get<Order>(`/api/v1/orders/${order.id}`);
				return ["cancelled", "refunded"].includes(now.status);
			}, 20_000);
		}, 30_000);
	});

	describe("a settled order", () => {
		it("has no saga, and can be neither retried nor cancelled there", async () => {
			const { id: product } = await shop.product(1);
			const path = `${sagas}/${(await placed(shop, product)).id}`;
			const answers = [
				await admin().get(path),
				await admin().post(`${path}/retry`),
				await admin().post(`${path}/resolve`, forceCancel)
			];
			expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
				[404, "not-found"],
				[409, "illegal-transition"],
				[409, "illegal-transition"]
			]);
		});

		it("that does not exist is not found", async () => {
			const path = `${sagas}/${randomUUID()}`;
			const answers = [
				await admin().get(path),
				await admin().post(`${path}/retry`),
				await admin().post(`${path}/resolve`, forceCancel)
			];
			expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
		});
	});

	it.each<[string, object | undefined]>([
		["no body", undefined],
		["no note", { decision: "cancel" }],
		["a blank note", { ...forceCancel, note: " " }],
		["another decision", { ...forceCancel, decision: "confirm" }]
	])("cancels nothing with %s", async (_, body) => {
		const { status } = await admin().post(`${sagas}/${randomUUID()}/resolve`, body);
		expect([400, 415, 422]).toContain(status);
	});

	it.each(["limit=0", "limit=101", "cursor=abc", "waits_for=godot", "surprise=1"])(
		"lists nothing by %s",
		async query => {
			expect((await admin().get(`${sagas}?${query}`)).status).toBe(422);
		}
	);
}
