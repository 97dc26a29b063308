import { setTimeout as delay } from "node:timers/promises";
import type { Order } from "../../../contracts/order.ts";
import type { Payment } from "../../../contracts/payment.ts";
import { openBankPage } from "../../support/shop/bank-page.ts";
import { address } from "../../support/shop/orders.ts";
import { returnUrl, startShopWithPsp, type ShopWithPsp } from "../../support/shop/shop-with-psp.ts";
import { until } from "../../support/until.ts";

/** 3-D Secure over real processes: the customer approves at the bank's page, and a webhook notifies the shop. */

let shop: ShopWithPsp;
let product: string;

afterEach(() => shop.remove(), 30_000);

async function open(env: Record<string, string> = {}): Promise<void> {
	shop = await startShopWithPsp(env);
	product = await shop.product(1);
}

async function orderOf(id: string): Promise<Order> {
	return (await shop.alice.get<Order>(`/api/v1/orders/${id}`)).body;
}

/** The order's payment, once it has a URL of the bank's page. */
async function challenged(id: string): Promise<{ payment: Payment; url: string }> {
	const payment = await until(async () => {
		const { status, body } = await shop.alice.get<Payment>(`/api/v1/orders/${id}/payment`);
		return status === 200 && body.next_action ? body : undefined;
	});
	return { payment, url: payment.next_action!.url };
}

async function place(): Promise<string> {
	const { status, body } = await shop.alice.post<Order>("/api/v1/orders", {
		items: [{ product_id: product, quantity: 1 }],
		shipping_address: address,
		payment_method: "pm_card_threeDSecureRequired"
	});
	expect(status).toBe(201);
	return body.id;
}

/** Reschedules the order by an hour, so that only a webhook can wake it. */
async function sleepsFor(id: string): Promise<void> {
	const sql = `update orders.saga set next_run_at = now() + interval '1 hour'
		where order_id = $1 and lease_owner is null returning 1`;
	await until(async () => (await shop.database.rows(sql, [id])).length > 0);
}

async function atRest(id: string): Promise<Order> {
	return until(async () => {
		const order = await orderOf(id);
		return order.status === "payment_pending" ? undefined : order;
	}, 30_000);
}

const charges = async () => (await shop.psp.ledger()).charges;

const messages = async ({ id }: Payment) => {
	const sql = "select type from payment.psp_inbox where payment_id = $1 order by received_at";
	return (await shop.database.rows<{ type: string }>(sql, [id])).map(({ type }) => type);
};

async function statusOf({ id }: Payment): Promise<string> {
	const sql = "select status from payment.payments where id = $1";
	return (await shop.database.rows<{ status: string }>(sql, [id]))[0]!.status;
}

describe("an order whose card requires 3-D Secure", () => {
	it("waits for the customer, and is confirmed once they approve", async () => {
		await open();
		const id = await place();
		const { payment, url } = await challenged(id);
		expect(payment.status).toBe("processing");
		await sleepsFor(id);
		expect(await orderOf(id)).toMatchObject({ status: "payment_pending" });
		expect(await charges()).toMatchObject([{ order_id: id, status: "action_required" }]);

		const answer = await (await openBankPage(url)).press("Approve");
		expect(answer.status).toBe(303);
		expect(answer.headers.get("location")).toMatch(`${returnUrl}?`);
		expect(answer.headers.get("location")).toContain("redirect_status=succeeded");

		const order = await atRest(id);
		expect([order.status, order.payment!.status]).toEqual(["confirmed", "succeeded"]);
		expect(await messages(payment)).toContain("payment_intent.succeeded");
		expect(await charges()).toMatchObject([{ order_id: id, status: "succeeded", refunded: 0 }]);
		expect(await shop.available(product)).toBe(0);
	}, 60_000);

	it("is confirmed later when a node crashed between storing the webhook and looking the charge up", async () => {
		await open();
		const id = await place();
		const { payment, url } = await challenged(id);
		await sleepsFor(id);
		const { ref } = (await charges())[0]!;
		const taken = (event: string) => until(async () => (await shop.psp.delivered()).has(event));
		await taken(`evt_${ref}_begun`);
		await shop.database.rows(
			"insert into payment.psp_inbox values ($1, 'payment_intent.succeeded', $2, now())",
			[`evt_${ref}_approved`, payment.id]
		);
		await (await openBankPage(url)).press("Approve");
		// The provider sends it again until it is answered; the shop ignores the duplicate.
		await taken(`evt_${ref}_approved`);
		expect(await statusOf(payment)).toBe("processing");

		await shop.database.rows("update orders.saga set next_run_at = now() where order_id = $1", [
			id
		]);
		expect((await atRest(id)).status).toBe("confirmed");
		expect(await charges()).toMatchObject([{ order_id: id, status: "succeeded" }]);
	}, 60_000);

	it("fails once they refuse, and its units are on sale again", async () => {
		await open();
		const id = await place();
		const { payment, url } = await challenged(id);
		await sleepsFor(id);
		expect(await shop.available(product)).toBe(0);

		const answer = await (await openBankPage(url)).press("Refuse");
		expect(answer.headers.get("location")).toContain("redirect_status=failed");

		const order = await atRest(id);
		expect(order).toMatchObject({
			status: "payment_failed",
			reason: "payment_intent_authentication_failure"
		});
		expect(await messages(payment)).toContain("payment_intent.payment_failed");
		expect(await charges()).toMatchObject([{ order_id: id, status: "failed" }]);
		expect(await shop.available(product)).toBe(1);
	}, 60_000);

	it("is not charged, or refunded, when they approve and cancel at the same time", async () => {
		await open({ ORDER_MAX_OPEN: "0", ORDER_MAX_STOCK_PERCENT: "0" });
		product = await shop.product(8);
		const ids = await Promise.all(Array.from({ length: 8 }, place));
		const ends = ids.map(async (id, index) => {
			const page = await openBankPage((await challenged(id)).url);
			const cancelling = shop.alice.post(`/api/v1/orders/${id}/cancel`, {});
			// Spread over the time that a cancellation takes, so that each wins sometimes.
			await delay(index * 150);
			await page.press("Approve");
			expect((await cancelling).status).toBeLessThan(300);
			return until(async () => {
				const { status } = await orderOf(id);
				return ["cancelled", "refunded"].includes(status) && status;
			}, 30_000);
		});
		const wanted = new Map((await Promise.all(ends)).map((end, index) => [ids[index], end]));
		for (const { order_id, status, amount, refunded } of await charges()) {
			const isRefunded = wanted.get(order_id) === "refunded";
			expect([status, refunded]).toEqual(isRefunded ? ["succeeded", amount] : ["failed", 0]);
		}
		expect(await shop.available(product)).toBe(8);
	}, 60_000);

	it("expires when the customer does not respond in time, and cannot be charged after that", async () => {
		await open({ PAYMENT_CHALLENGE_MS: "3000" });
		const id = await place();
		const { url } = await challenged(id);
		const page = await openBankPage(url);
		expect(await atRest(id)).toMatchObject({
			status: "payment_failed",
			reason: "challenge_expired"
		});
		expect(await shop.available(product)).toBe(1);

		const late = await page.press("Approve");
		expect(late.headers.get("location")).toContain("redirect_status=failed");
		expect(await (await fetch(url)).text()).toContain("This payment was canceled");
		expect(await charges()).toMatchObject([{ order_id: id, status: "failed" }]);
		expect((await orderOf(id)).status).toBe("payment_failed");
	}, 60_000);
});
