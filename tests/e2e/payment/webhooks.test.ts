import type { Order } from "../../../contracts/order.ts";
import type { Payment } from "../../../contracts/payment.ts";
import { address } from "../../support/shop/orders.ts";
import { startShopWithPsp, type ShopWithPsp } from "../../support/shop/shop-with-psp.ts";
import { until } from "../../support/until.ts";

/** Webhooks after a response of the provider was lost, over real processes. */

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

describe("a webhook about a refund whose response was lost", () => {
	it("settles it, though its next check is an hour away", async () => {
		const { payment } = await confirmed("pm_sim_dropRefundConnection");
		// Webhooks are held back until the shop no longer checks by itself.
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
