import { randomUUID } from "node:crypto";
import type { Payment } from "../../../contracts/payment.ts";
import { placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });

export function paymentTests(shop: Shop): void {
	async function paid(): Promise<{ orderId: string; path: string }> {
		const { id } = await shop.product(1);
		const order = await placed(shop, id);
		return { orderId: order.id, path: `/api/v1/payments/${order.payment!.id}` };
	}

	describe("a payment", () => {
		it("is visible to its owner and staff, without reusable payment data", async () => {
			const { orderId, path } = await paid();
			const { body } = await shop.as("alice").get<Payment>(path);
			expect(body).toMatchObject({
				order_id: orderId,
				status: "succeeded",
				amount: { amount: 1250, currency: "USD" },
				method: { brand: "visa", last4: "4242" },
				refunds: []
			});
			expect(JSON.stringify(body)).not.toContain("pm_");
			const same = await shop.as("support").get<Payment>(`/api/v1/orders/${orderId}/payment`);
			expect(same.body).toEqual(body);
			expect((await shop.as("bob").get(path)).status).toBe(404);
			expect((await shop.as("bob").get(`/api/v1/orders/${orderId}/payment`)).status).toBe(404);
		});

		it("is refunded in parts by staff, once per key", async () => {
			const { path } = await paid();
			const part = { amount: usd(250), reason: "scratched" };
			const key = randomUUID();
			const ask = () => shop.as("support").post<Payment>(`${path}/refund`, part, { key });
			const first = await ask();
			expect([first.status, first.body.refunded.amount]).toEqual([200, 250]);
			expect(first.headers.get("idempotent-replayed")).toBeNull();
			const other = await shop
				.as("support")
				.post(`${path}/refund`, { ...part, amount: usd(1) }, { key });
			expectProblem(other, "IDEMPOTENCY_KEY_REUSED");
			const rest = await shop.as("admin").post<Payment>(`${path}/refund`, { reason: "lost" });
			expect(rest.body.refunded.amount).toBe(1250);
			const again = await ask();
			expect(again.headers.get("idempotent-replayed")).toBe("true");
			expect(again.text).toBe(first.text);
		});

		it("is never refunded beyond the charged amount, even by 10 concurrent requests", async () => {
			const { path } = await paid();
			const answers = await Promise.all(
				Array.from({ length: 10 }, () =>
					shop.as("admin").post(`${path}/refund`, { amount: usd(500), reason: "x" })
				)
			);
			expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
			for (const { status, body } of answers.filter(({ status }) => status !== 200))
				expect([status, body.code]).toEqual([422, "refund-exceeds-payment"]);
			expect((await shop.as("alice").get<Payment>(path)).body.refunded.amount).toBe(1000);
		});
	});
}
