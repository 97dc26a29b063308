import type { Context, ServiceSchema } from "moleculer";
import { order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { product } from "../../../contracts/product.ts";
import { arm, disarmAll, isArmed } from "../../../lib/failpoint.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import type { Meta } from "../../../lib/identity.ts";
import type { ActionContract } from "../../../lib/schema.ts";
import { call } from "../../../lib/service.ts";
import { errorOf, expectFailure } from "../../support/expect-failure.ts";
import { admin, as, support } from "../../support/shop/callers.ts";
import { orderOf, place } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { until } from "../../support/until.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** One rule for all commands: a key names one request of its sender, whatever action and target. */

/** Calls as the gateway does: from a context of its own, to which the callee's answer is merged. */
const relay = {
	name: "relay",
	actions: {
		send: {
			access: "anyone",
			async handler(ctx: Context<{ action: ActionContract; params: Fields }, Meta>) {
				const { action, params } = ctx.params;
				const result = await call(ctx, action, params);
				return { result, replayed: ctx.meta.replayed === true };
			}
		}
	}
} as unknown as ServiceSchema;

const shop = useShop(
	[...orderServices, relay],
	{ LOG_LEVEL: "fatal", SAGA_POLL_MS: "50", ORDER_MAX_OPEN: "0" },
	{ nodes: 2, checkStock: "all" }
);
afterEach(disarmAll);

const orders = order.actions;
type Fields = Record<string, unknown>;
interface Relayed {
	result: Fields;
	replayed: boolean;
}

async function send(action: ActionContract, params: Fields, key: string, node = 0, user = admin) {
	const sent = { action, params: { ...params, idempotency_key: key } };
	const { result, replayed } = await shop.nodes[node]!.call<Relayed, typeof sent>(
		"relay.send",
		sent,
		as(user)
	);
	// The header says it, and not the body.
	return { body: JSON.stringify({ ...result, replayed: undefined }), replayed };
}

async function confirmed(): Promise<string> {
	return (await place(shop.broker, { wait_s: 10 }, admin)).order.id;
}
async function shipped(): Promise<string> {
	const id = await confirmed();
	await call(shop.broker, orders.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
	return id;
}
async function delivered(): Promise<string> {
	const id = await shipped();
	await call(shop.broker, orders.deliver, { id }, as(admin));
	return id;
}
const items = [{ product_id: "prod-001", quantity: 1 }];
async function returning(): Promise<string> {
	const params = { id: await delivered(), items, reason: "too small", idempotency_key: newId() };
	return (await call(shop.broker, orders["return.request"], params, as(admin))).return.id;
}
async function charge(amount: number, order_id = newId()): Promise<string> {
	const lines = [{ product_id: "prod-001", amount }];
	const charges = [
		{
			order_id,
			user_id: admin.id,
			amount: { amount, currency: "USD" },
			lines,
			payment_method: "pm_card_visa"
		}
	];
	await call(shop.broker, payment.actions.charge, { charges });
	return derivedId(order_id, "charge");
}
async function inReview(): Promise<string> {
	const order_id = newId();
	await charge(1000, order_id);
	return charge(1001, order_id);
}
async function unfinished(): Promise<string> {
	return (await place(shop.broker, { payment_method: "pm_card_threeDSecureRequired" }, admin)).order
		.id;
}
const price = { amount: 100, currency: "USD" };
async function created(): Promise<string> {
	const texts = { name: "Mug", category: "kitchen", sku: newId().toUpperCase() };
	return (await call(shop.broker, product.actions.create, { ...texts, price, stock: 5 }, as(admin)))
		.id;
}

let units = 0;

/** Each command with its parameters for a new target. */
const commands: [string, ActionContract, () => Promise<Fields>][] = [
	[
		"place",
		orders.place,
		async () => orderOf({ items: [{ product_id: "prod-001", quantity: (units++ % 5) + 1 }] })
	],
	["cancel", orders.cancel, async () => ({ id: await confirmed(), reason: "changed my mind" })],
	[
		"ship",
		orders.ship,
		async () => ({ id: await confirmed(), carrier: "UPS", tracking_number: "1Z" })
	],
	["deliver", orders.deliver, async () => ({ id: await shipped() })],
	[
		"request a return",
		orders["return.request"],
		async () => ({ id: await delivered(), items, reason: "worn" })
	],
	[
		"approve a return",
		orders["return.approve"],
		async () => ({ id: await returning(), note: "ok" })
	],
	[
		"reject a return",
		orders["return.reject"],
		async () => ({ id: await returning(), note: "worn" })
	],
	[
		"cancel by an admin",
		orders["saga.resolve"],
		async () => ({ id: await unfinished(), decision: "cancel", note: "asked by phone" })
	],
	["refund", payment.actions.refund, async () => ({ id: await charge(1000), reason: "broken" })],
	[
		"decide a review",
		payment.actions["review.decide"],
		async () => ({ id: await inReview(), decision: "charged", note: "as the desk says" })
	],
	[
		"adjust stock",
		product.actions["stock.adjust"],
		async () => ({ product_id: await created(), delta: 3, reason: "delivery" })
	]
];

/** A key of each command, which was used. */
const used: [ActionContract, string][] = [];

beforeAll(async () => {
	for (const [, action, target] of commands) {
		const key = newId();
		await send(action, await target(), key);
		used.push([action, key]);
	}
}, 60_000);

/** How many effects the commands have had, of whatever kind. */
async function effects(): Promise<number> {
	const [counted] = await shop.database.rows<{ effects: number }>(`
		select ((select count(*) from orders.orders)
			+ (select count(*) from orders.history where to_status in ('refund_pending', 'shipped', 'delivered', 'return_requested', 'cancelled'))
			+ (select count(*) from orders.saga where cancel_requested)
			+ (select count(*) from orders.returns where status <> 'requested')
			+ (select count(*) from payment.refunds where purpose like 'refund:%')
			+ (select count(*) from payment.events where type = 'decided')
			+ (select count(*) from product.stock_ledger where reason = 'adjusted'))::int as effects`);
	return counted!.effects;
}

/** The same parameters with the members of each object in reverse. */
function reversed(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(reversed);
	if (typeof value !== "object" || value === null) return value;
	const members = Object.entries(value).toReversed();
	return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
}

describe.each(commands)("%s", (_, action, target) => {
	it("has one effect under one key, and answers every repetition with the same bytes", async () => {
		const params = await target();
		const [key, before] = [newId(), await effects()];
		const at = Array.from({ length: 6 }, (_, n) => send(action, params, key, n % 2));
		const first = await Promise.all(at);
		expect(first.filter(({ replayed }) => !replayed)).toHaveLength(1);
		expect(await effects()).toBe(before + 1);
		const later = await send(action, reversed(params) as Fields, key, 1);
		expect(later).toEqual({ body: first[0]!.body, replayed: true });
		expect(new Set(first.map(({ body }) => body)).size).toBe(1);
	}, 60_000);

	it("is refused under a key of another target, at once and later, and has no effect", async () => {
		const targets = [await target(), await target()];
		for (const nodes of [
			[0, 0],
			[0, 1]
		]) {
			const [key, before] = [newId(), await effects()];
			const answers = await Promise.allSettled(
				targets.map((params, index) => send(action, params, key, nodes[index]))
			);
			const [first, ...others] = answers.filter(({ status }) => status === "fulfilled");
			expect(first).toBeDefined();
			expect(others).toEqual([]);
			expect(await effects()).toBe(before + 1);
			const loser = answers.findIndex(({ status }) => status === "rejected");
			await expectFailure(send(action, targets[loser]!, key), "IDEMPOTENCY_KEY_REUSED");
			expect(await effects()).toBe(before + 1);
			// The next round has the loser of this one, and a new target.
			targets.splice(1 - loser, 1, await target());
		}
	}, 60_000);

	it("is refused under the keys of all other commands", async () => {
		const params = await target();
		const before = await effects();
		for (const [other, key] of used)
			if (other !== action)
				await expectFailure(send(action, params, key), "IDEMPOTENCY_KEY_REUSED");
		expect(await effects()).toBe(before);
	}, 60_000);

	it("leaves the key free when it is refused", async () => {
		const params = await target();
		const [key, before] = [newId(), await effects()];
		const name = params.product_id ? "product_id" : "id";
		const unknown = params.items && !params.id ? { items: [] } : { [name]: newId() };
		await errorOf(send(action, { ...params, ...unknown }, key));
		expect((await send(action, params, key)).replayed).toBe(false);
		expect(await effects()).toBe(before + 1);
	}, 60_000);
});

it("a key of one sender is free for another", async () => {
	const key = newId();
	const before = await effects();
	for (const user of [admin, support]) {
		const params = { id: await charge(1000), reason: "broken" };
		expect((await send(payment.actions.refund, params, key, 0, user)).replayed).toBe(false);
	}
	expect(await effects()).toBe(before + 2);
});

it("of an order, the first response is repeated, whether a request waits or not", async () => {
	const params = orderOf();
	for (const waits of [
		[0, 5, 0],
		[5, 0, 5]
	]) {
		const key = newId();
		const bodies = [];
		for (const wait_s of waits)
			bodies.push((await send(orders.place, { ...params, wait_s }, key)).body);
		expect(new Set(bodies).size).toBe(1);
		const { status } = (JSON.parse(bodies[0]!) as { order: { status: string } }).order;
		expect(status).toBe(waits[0] === 0 ? "pending" : "confirmed");
	}
});

it("a request is refused as in use while the first one is in progress, and delays no other request", async () => {
	const id = await confirmed();
	const key = newId();
	arm({ point: "order.cancel.before_commit", mode: "delay", ms: 3500 });
	const first = send(orders.cancel, { id }, key);
	await until(() => !isArmed("order.cancel.before_commit"));
	const others = Array.from({ length: 8 }, () =>
		expectFailure(send(orders.cancel, { id }, key), "IDEMPOTENCY_KEY_IN_USE")
	);
	const params = orderOf();
	const since = performance.now();
	const taken = expectFailure(send(orders.place, params, key), "IDEMPOTENCY_KEY_IN_USE");
	await send(orders.place, params, newId());
	// All of these would wait for 2 s, if a waiting request held the batch of placements or all connections.
	expect(performance.now() - since).toBeLessThan(1500);
	await Promise.all([...others, taken]);
	expect((await first).replayed).toBe(false);
	expect((await send(orders.cancel, { id }, key)).replayed).toBe(true);
}, 30_000);
