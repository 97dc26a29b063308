import type { Order } from "../../../contracts/order.ts";
import type { Payment } from "../../../contracts/payment.ts";
import { address } from "../../support/shop/orders.ts";
import { startShopWithPsp, type ShopWithPsp } from "../../support/shop/shop-with-psp.ts";
import { until } from "../../support/until.ts";

/** What the provider's messages do where an answer of it was lost, over real processes. */

let shop: ShopWithPsp;
let product: string;

beforeAll(async () => {
	shop = await startShopWithPsp();
	product = await shop.product(10);
}, 60_000);

afterAll(() => shop?.remove(), 30_000);

async function confirmed(payment_method: string): Promise<Order> {
	const { body } = await shop.alice.post<Order>(
		"/api/v1/orders",
		{ items: [{ product_id: product, quantity: 1 }], shipping_address: address, payment_method },
		{ headers: { prefer: "wait=10" } }
	);
	expect(body.status).toBe("confirmed");
	return body;
}

describe("a message about a refund whose answer was lost", () => {
	it("ends it, though nobody would look for an hour", async () => {
		const { payment } = await confirmed("pm_sim_dropRefundConnection");
		// The provider's messages wait until the shop no longer looks by itself.
		await shop.psp.setFaults({ webhooks: { rate: 1, kinds: ["late"], late_ms: 2000 } });
		const path = `/api/v1/payments/${payment!.id}`;
		const made = await shop.support.post<Payment>(`${path}/refund`, { reason: "broken" });
		expect(made.body).toMatchObject({ refunds: [{ status: "pending" }] });
		await shop.database.rows(
			"update payment.refunds set next_check_at = now() + interval '1 hour'"
		);
		await until(async () => {
			const { body } = await shop.support.get<Payment>(path);
			return body.refunds[0]!.status === "succeeded";
		}, 20_000);
		expect((await shop.psp.ledger()).refunds).toHaveLength(1);
	}, 60_000);
});
