import { randomUUID } from "node:crypto";
import type { Order } from "../../contracts/order.ts";
import { address } from "../support/orders.ts";
import { startProvidedShop, type ProvidedShop } from "../support/provided-shop.ts";
import { until } from "../support/until.ts";

/** The provider's process ends, and comes back later: orders wait for it, and only so many. */

const backlog = 5;
let shop: ProvidedShop;
let product: string;

beforeAll(async () => {
	shop = await startProvidedShop({
		SAGA_BACKLOG: String(backlog),
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
			return status === "payment_pending" ? undefined : status;
		},
		90_000,
		200
	);

it("takes orders while the provider is away, up to a bound, and charges each once when it is back", async () => {
	expect(await shop.psp.stop()).toBe(0);

	const cards = ["pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"];
	const accepted = new Map<string, string>();
	const keys: string[] = [];
	// One too many is known of only at the next count.
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
	// Whoever did not hear that his order was taken can still ask.
	const again = await place(cards[0]!, keys[0]);
	expect([again.status, again.body.id]).toEqual([201, [...accepted.keys()][0]]);
	for (const id of accepted.keys()) await until(async () => (await statusOf(id)) !== "pending");
	for (const id of accepted.keys()) expect(await statusOf(id)).toBe("payment_pending");
	expect((await shop.psp.ledger()).charges).toEqual([]);

	await shop.returnProvider();
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
