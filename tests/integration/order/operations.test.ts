import type { ServiceSchema } from "moleculer";
import type { OrderSaga } from "../../../contracts/order-saga.ts";
import { order } from "../../../contracts/order.ts";
import { paymentSettled } from "../../../contracts/payment.ts";
import { arm, disarmAll } from "../../../lib/failpoint.ts";
import { newId } from "../../../lib/id.ts";
import { call, emitHint } from "../../../lib/service.ts";
import orderService from "../../../services/order/order.service.ts";
import type { SagaAdmin } from "../../../services/order/saga/saga.admin.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import productService from "../../../services/product/product.service.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { admin, alice, as } from "../../support/shop/callers.ts";
import { brokenStock } from "../../support/shop/stock.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** Orders that do not settle by themselves, and how they are woken, retried, limited and cancelled. */

/** What the payment service returns without doing anything; undefined: it does its work. */
let away: { status: "processing" | "review" | "succeeded" | "failed" } | undefined;
let refunds: "done" | "refused" = "done";

const { actions } = order;

/** The payment service, whose provider is down when the test says so. */
function answering(service: ServiceSchema): ServiceSchema {
	const charge = (answer: { outcomes: object[] }) => ({
		outcomes: answer.outcomes.map(outcome => ({ ...outcome, ...away, failure_code: null }))
	});
	const instead = (name: string) => {
		const action = service.actions![name] as { handler(ctx: unknown): Promise<unknown> };
		return {
			...action,
			async handler(this: unknown, ctx: { params: { charges?: { order_id: string }[] } }) {
				if (!away) return action.handler.call(this, ctx);
				const { charges, order_ids } = ctx.params as {
					charges?: { order_id: string }[];
					order_ids?: string[];
				};
				const ids = charges?.map(({ order_id }) => order_id) ?? order_ids!;
				return charge({ outcomes: ids.map(order_id => ({ order_id, payment_id: newId() })) });
			}
		};
	};
	const original = service.actions!.refundRemaining as { handler(ctx: unknown): Promise<unknown> };
	return {
		...service,
		actions: {
			...service.actions,
			charge: instead("charge"),
			void: instead("void"),
			refundRemaining: {
				...original,
				async handler(this: unknown, ctx: unknown) {
					if (refunds === "done") return original.handler.call(this, ctx);
					throw Object.assign(new Error("refused"), { type: "PAYMENT_NOT_REFUNDABLE", code: 409 });
				}
			}
		}
	} as ServiceSchema;
}

const shop = useShop([productService, answering(paymentService), orderService], {
	LOG_LEVEL: "fatal",
	SAGA_POLL_MS: "50",
	ORDERS_MAX_IN_FLIGHT: "5"
});

beforeEach(() => {
	away = undefined;
	refunds = "done";
});

afterEach(async () => {
	disarmAll();
	away = undefined;
	refunds = "done";
	// Sagas that a test left asleep are run before the next test, which may count them.
	await shop.database.rows("update orders.saga set next_run_at = now()");
	await until(
		async () => (await shop.database.rows("select 1 from orders.saga")).length === 0,
		20_000
	);
	expect(await brokenStock(shop.database)).toEqual([]);
}, 30_000);

const sagaOf = (id: string) => call(shop.broker, actions["saga.get"], { id }, as(admin));

/** The order's saga once it sleeps with `what` as its reason. */
const asleep = (id: string, what: OrderSaga["waits_for"]) =>
	until(async () => {
		const saga = await sagaOf(id);
		return saga.waits_for === what && saga.lease === null ? saga : undefined;
	});

const statusOf = async (id: string) =>
	(await call(shop.broker, actions.get, { id }, as(admin))).status;

const sleepLong = (id: string) =>
	shop.database.rows(
		"update orders.saga set next_run_at = now() + interval '1 h' where order_id = $1",
		[id]
	);

const refusal = async (work: Promise<unknown>) =>
	work.then(
		() => Promise.reject(new Error("nothing was refused")),
		(error: { type: string }) => error.type
	);

describe("an order whose payment is in review", () => {
	async function inReview(): Promise<string> {
		away = { status: "review" };
		const { order: placed } = await place(shop.broker);
		await asleep(placed.id, "human");
		expect(await statusOf(placed.id)).toBe("payment_review");
		away = undefined;
		return placed.id;
	}
	const cancel = (id: string) =>
		call(shop.broker, actions.cancel, { id, idempotency_key: newId() }, as(alice));

	it("sleeps for minutes with its units locked, and is confirmed once staff decide that it was charged", async () => {
		const id = await inReview();
		const { next_run_at } = await sagaOf(id);
		expect(Date.parse(next_run_at) - Date.now()).toBeGreaterThan(5 * 60_000);
		emitHint(shop.broker, paymentSettled, { order_ids: [id] });
		expect((await settledOrderFrom(id)).status).toBe("confirmed");
	});

	it("is payment_failed once staff decide that it was not", async () => {
		const id = await inReview();
		away = { status: "failed" };
		await call(shop.broker, actions["saga.retry"], { id }, as(admin));
		expect((await settledOrderFrom(id)).status).toBe("payment_failed");
	});

	it("may be cancelled, and ends cancelled or refunded by the decision", async () => {
		const [unpaid, paid] = [await inReview(), await inReview()];
		away = { status: "review" };
		for (const id of [unpaid, paid]) {
			expect((await cancel(id)).order.status).toBe("payment_review");
			// It has checked, and sleeps again: nothing is decided.
			await until(async () => (await asleep(id, "human")).attempt === 2);
		}
		away = { status: "failed" };
		emitHint(shop.broker, paymentSettled, { order_ids: [unpaid] });
		expect((await settledOrderFrom(unpaid)).status).toBe("cancelled");
		away = undefined;
		emitHint(shop.broker, paymentSettled, { order_ids: [paid] });
		expect(["cancelled", "refunded"]).toContain((await settledOrderFrom(paid)).status);
	});

	/** `payment_review` counts as settled elsewhere, so this waits until the saga is gone. */
	async function settledOrderFrom(id: string) {
		await until(async () => (await refusalOrNothing(sagaOf(id))) === "NOT_FOUND");
		return settledOrder(shop.broker, id);
	}
	const refusalOrNothing = (work: Promise<unknown>) =>
		work.then(
			() => undefined,
			(error: { type: string }) => error.type
		);
});

describe("the hint that a payment is settled", () => {
	async function waiting(): Promise<string> {
		away = { status: "processing" };
		const { order: placed } = await place(shop.broker);
		await asleep(placed.id, "outcome");
		await sleepLong(placed.id);
		away = undefined;
		return placed.id;
	}

	it("wakes the orders it names at once", async () => {
		const ids = [await waiting(), await waiting()];
		emitHint(shop.broker, paymentSettled, { order_ids: ids });
		for (const id of ids) expect((await settledOrder(shop.broker, id)).status).toBe("confirmed");
	});

	it("of unknown or settled orders changes nothing", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		emitHint(shop.broker, paymentSettled, { order_ids: [placed.id, newId()] });
		expect(await statusOf(placed.id)).toBe("confirmed");
	});

	it("may be lost: the order wakes by itself", async () => {
		away = { status: "processing" };
		const { order: placed } = await place(shop.broker);
		await asleep(placed.id, "outcome");
		away = undefined;
		expect((await settledOrder(shop.broker, placed.id)).status).toBe("confirmed");
	});
});

describe("while the provider is down", () => {
	it("accepts orders as payment_pending until too many wait, repeats responses for known keys, and recovers by itself", async () => {
		away = { status: "processing" };
		const taken: { id: string; key: string }[] = [];
		const refused = await until(async () => {
			const key = newId();
			const answer = await place(shop.broker, { idempotency_key: key }).catch(
				(error: { type: string; code: number }) => error
			);
			if ("type" in answer) return { ...answer, key };
			taken.push({ id: answer.order.id, key });
			expect(taken.length).toBeLessThan(200);
			return undefined;
		}, 20_000);
		expect(refused).toMatchObject({ type: "OVERLOADED", code: 503 });
		expect(taken.length).toBeGreaterThan(5);
		for (const { id } of taken) await until(async () => (await statusOf(id)) === "payment_pending");
		const stored = await shop.database.rows("select 1 from idempotency.request where key = $1", [
			refused.key
		]);
		expect(stored).toEqual([]);

		const again = await place(shop.broker, { idempotency_key: taken[0]!.key });
		expect(again).toMatchObject({ replayed: true, order: { id: taken[0]!.id } });
		expect(
			await refusal(
				place(shop.broker, {
					idempotency_key: taken[0]!.key,
					items: [{ product_id: "prod-001", quantity: 9 }]
				})
			)
		).toBe("IDEMPOTENCY_KEY_REUSED");

		away = undefined;
		emitHint(shop.broker, paymentSettled, { order_ids: taken.slice(0, 64).map(({ id }) => id) });
		for (const { id } of taken)
			expect((await settledOrder(shop.broker, id, 20_000)).status).toBe("confirmed");
		expect((await until(() => place(shop.broker).catch(() => undefined))).replayed).toBe(false);
	}, 60_000);
});

describe("a refund that the provider refuses permanently", () => {
	it("sleeps long, shows the reason, and is retried when staff request it", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		refunds = "refused";
		const params = { id: placed.id, idempotency_key: newId() };
		await call(shop.broker, actions.cancel, params, as(alice));
		const saga = await asleep(placed.id, "human");
		expect(saga).toMatchObject({
			status: "refund_pending",
			step: "refund",
			last_error: "the provider refused the refund permanently: refund by hand"
		});
		expect(Date.parse(saga.next_run_at) - Date.now()).toBeGreaterThan(5 * 60_000);
		const { data } = await call(
			shop.broker,
			actions["saga.list"],
			{ waits_for: "human" },
			as(admin)
		);
		expect(data.map(({ order_id }) => order_id)).toContain(placed.id);
		refunds = "done";
		await call(shop.broker, actions["saga.retry"], { id: placed.id }, as(admin));
		expect((await settledOrder(shop.broker, placed.id)).status).toBe("refunded");
	});
});

describe("the operations on running sagas", () => {
	it("list them page by page, the oldest first", async () => {
		away = { status: "processing" };
		const placed = [await place(shop.broker), await place(shop.broker), await place(shop.broker)];
		const ids = placed.map(({ order: { id } }) => id);
		for (const id of ids) await asleep(id, "outcome");
		const list = actions["saga.list"];
		const first = await call(shop.broker, list, { limit: 2 }, as(admin));
		const rest = await call(shop.broker, list, { limit: 2, cursor: first.next_cursor! }, as(admin));
		expect([...first.data, ...rest.data].map(({ order_id }) => order_id)).toEqual(ids);
		expect(rest.next_cursor).toBeNull();
		expect(first.data[0]).toEqual({
			order_id: ids[0],
			status: "payment_pending",
			step: "forward",
			attempt: expect.any(Number),
			waits_for: "outcome",
			last_error: null,
			next_run_at: expect.any(String),
			lease: null,
			cancel_requested: false,
			age_s: expect.any(Number)
		});
		expect((await call(shop.broker, list, { waits_for: "human" }, as(admin))).data).toEqual([]);
	});

	it("cancel an order as staff, with a note; a repetition changes nothing", async () => {
		away = { status: "processing" };
		const { order: placed } = await place(shop.broker);
		const { id } = placed;
		await asleep(id, "outcome");
		const resolve = actions["saga.resolve"];
		const params = { id, decision: "cancel", note: "customer called" } as const;
		expect((await call(shop.broker, resolve, params, as(admin))).cancel_requested).toBe(true);
		const again = { ...params, note: "another" };
		expect((await call(shop.broker, resolve, again, as(admin))).cancel_requested).toBe(true);
		away = undefined;
		await call(shop.broker, actions["saga.retry"], { id }, as(admin));
		expect((await settledOrder(shop.broker, id)).status).toBe("cancelled");
		const { data } = await call(shop.broker, actions.events, { id }, as(admin));
		expect(data.at(-1)).toMatchObject({
			to: "cancelled",
			actor: { id: admin.id, role: "admin" },
			reason: "customer called"
		});
	});

	it("find no unknown order, and refuse to retry a settled one", async () => {
		const { order: placed } = await place(shop.broker, { wait_s: 10 });
		const decision = { decision: "cancel", note: "why" } as const;
		const types = (id: string) =>
			Promise.all([
				refusal(sagaOf(id)),
				refusal(call(shop.broker, actions["saga.retry"], { id }, as(admin))),
				refusal(call(shop.broker, actions["saga.resolve"], { id, ...decision }, as(admin)))
			]);
		expect(await types(newId())).toEqual(["NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]);
		const atRest = ["NOT_FOUND", "ILLEGAL_TRANSITION", "ILLEGAL_TRANSITION"];
		expect(await types(placed.id)).toEqual(atRest);
	});

	it("count them by what they wait for, with the time since the oldest changed", async () => {
		const { sagaAdmin } = shop.broker.getLocalService("order") as unknown as {
			sagaAdmin: SagaAdmin;
		};
		const waiting = async () =>
			(await sagaAdmin.load()).find(({ waits_for }) => waits_for === "outcome");
		const before = (await waiting())?.count ?? 0;
		away = { status: "processing" };
		const { order: placed } = await place(shop.broker);
		await asleep(placed.id, "outcome");
		await shop.database.rows(
			"update orders.orders set updated_at = updated_at - interval '1 hour' where id = $1",
			[placed.id]
		);
		const { count, seconds } = (await waiting())!;
		expect(count).toBe(before + 1);
		expect(seconds).toBeGreaterThanOrEqual(3600);
		expect(seconds).toBeLessThan(4200);
	});

	it("are for admins only", async () => {
		const asSupport = { meta: { user: { id: "s", role: "support" } as const } };
		for (const options of [as(alice), asSupport])
			expect(await refusal(call(shop.broker, actions["saga.list"], {}, options))).toBe("FORBIDDEN");
		expect(await refusal(call(shop.broker, actions["saga.list"], {}))).toBe("UNAUTHENTICATED");
	});
});

describe("a commit whose response is lost", () => {
	/** Cuts the connections that are in the middle of a commit, and returns whether there were any. */
	const cutWhoSleeps = async () => {
		const rows = await shop.database.rows(`select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and wait_event = 'PgSleep'`);
		return rows.length > 0;
	};

	it("has placed the order: it is found by its key, returned, and processed", async () => {
		arm({ point: "order.create.after_commit", mode: "throw" });
		const { order: placed, replayed } = await place(shop.broker);
		expect(replayed).toBe(false);
		expect((await settledOrder(shop.broker, placed.id)).status).toBe("confirmed");
	});

	it("is rolled back when its connection is cut before: nothing is stored, and nothing retried", async () => {
		await shop.database.rows(`
			create function orders.linger() returns trigger language plpgsql as
				'begin perform pg_sleep(3); return null; end';
			create constraint trigger linger after insert on orders.orders
				deferrable initially deferred for each row execute function orders.linger()`);
		const key = newId();
		const cut = refusal(place(shop.broker, { idempotency_key: key }));
		await until(cutWhoSleeps, 5000, 20);
		expect(await cut).toBe("UNAVAILABLE");
		await shop.database.rows("drop trigger linger on orders.orders");
		const rows = await shop.database.rows("select 1 from idempotency.request where key = $1", [
			key
		]);
		expect(rows).toEqual([]);
		const { replayed } = await place(shop.broker, { idempotency_key: key, wait_s: 10 });
		expect(replayed).toBe(false);
	}, 20_000);
});
