import { randomUUID } from "node:crypto";
import type { OrderSaga } from "../../../contracts/order-saga.ts";
import type { Order } from "../../../contracts/order.ts";
import { address } from "../../support/shop/orders.ts";
import { startShopWithPsp, type ShopWithPsp } from "../../support/shop/shop-with-psp.ts";
import { until } from "../../support/until.ts";

/** How many orders may wait while the provider is down, or their customers are at the bank's page. */

const backlog = 5;
let shop: ShopWithPsp;
let product: string;

beforeAll(async () => {
	shop = await startShopWithPsp({
		ORDERS_MAX_IN_FLIGHT: String(backlog),
		SAGA_POLL_MS: "50",
		ORDER_MAX_OPEN: "0"
	});
	product = await shop.product(100);
}, 60_000);

afterAll(() => shop?.remove(), 30_000);

function place(payment_method: string, key: string = randomUUID()) {
	const items = [{ product_id: product, quantity: 1 }];
	const body = { items, shipping_address: address, payment_method };
	return shop.alice.post<Order>("/api/v1/orders", body, { key });
}

async function statusOf(id: string): Promise<Order["status"]> {
	return (await shop.alice.get<Order>(`/api/v1/orders/${id}`)).body.status;
}

const settled = (id: string) =>
	until(
		async () => {
			const status = await statusOf(id);
			return status === "pending" || status === "payment_pending" ? undefined : status;
		},
		90_000,
		200
	);

it("accepts orders while the provider is down, up to a limit, and charges each once when it is back", async () => {
	expect(await shop.psp.stop()).toBe(0);

	const cards = ["pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"];
	const accepted = new Map<string, string>();
	const keys: string[] = [];
	// The order that exceeds the limit is noticed at the next count.
	const refused = await until(async () => {
		const [key, card] = [randomUUID(), cards[accepted.size % cards.length]!];
		const answer = await place(card, key);
		if (answer.status !== 201) return answer;
		accepted.set(answer.body.id, card);
		keys.push(key);
		return undefined;
	}, 20_000);
	expect(accepted.size).toBeGreaterThan(backlog);
	expect([refused.status, refused.body]).toMatchObject([503, { code: "overloaded" }]);
	expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
	// A client that got no response can still retry under its key.
	const again = await place(cards[0]!, keys[0]);
	expect([again.status, again.body.id]).toEqual([201, [...accepted.keys()][0]]);
	for (const id of accepted.keys()) await until(async () => (await statusOf(id)) !== "pending");
	for (const id of accepted.keys()) expect(await statusOf(id)).toBe("payment_pending");
	expect((await shop.psp.ledger()).charges).toEqual([]);

	await shop.restartPsp();
	for (const [id, card] of accepted)
		expect(await settled(id)).toBe(card === "pm_card_visa" ? "confirmed" : "payment_failed");
	const { charges } = await shop.psp.ledger();
	const made = charges.map(({ order_id, status, amount }) => [order_id, status, amount]);
	const wanted = [...accepted].map(([id, card]) => [
		id,
		card === "pm_card_visa" ? "succeeded" : "failed",
		1250
	]);
	expect(made.sort()).toEqual(wanted.sort());
	await until(async () => (await place("pm_card_visa")).status === 201);
}, 150_000);

it("keeps selling while more customers than the limit are at their banks' pages", async () => {
	for (let n = 0; n < 2 * backlog; n++) {
		const { status, body } = await place("pm_card_threeDSecureRequired");
		expect(status).toBe(201);
		await until(async () => {
			const { waits_for } = (await shop.admin.get<OrderSaga>(`/api/v1/ops/sagas/${body.id}`)).body;
			return waits_for === "customer";
		});
	}
	for (let n = 0; n < backlog; n++) {
		const { status, body } = await place("pm_card_visa");
		expect(status).toBe(201);
		expect(await settled(body.id)).toBe("confirmed");
	}
}, 90_000);
