import type { ServiceBroker } from "moleculer";
import type { Order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { transition } from "../../../services/order/order.machine.ts";
import { Backlog } from "../../../services/order/placement/backlog.ts";
import { Poller } from "../../../services/order/saga/poller.ts";
import * as sql from "../../../services/order/storage/order.statements.ts";
import { SagaSteps, type SagaRun } from "../../../services/order/saga/steps.ts";
import { generator } from "../../support/random.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** The saga's statements: who may change an order, alone and in one batch with others. */

let steps: SagaSteps;
let incarnation: string;

const database = useDatabase("order", 8);

beforeAll(async () => {
	const broker = { broadcastLocal: () => undefined } as unknown as ServiceBroker;
	steps = new SagaSteps(broker, database.db, () => undefined);
	await database.db.query(sql.nameIncarnation);
	const [row] = await database.rows<{ id: string }>("select id from orders.incarnation");
	incarnation = row!.id;
});

/** An order that waits for its payment, claimed under `fence`. */
async function held(fence: number, more = ""): Promise<string> {
	const id = newId();
	await database.rows(
		`insert into orders.orders (id, user_id, status, items, shipping_address, payment_method, currency,
			subtotal_minor, shipping_minor, tax_minor, total_minor, history_hash)
		values ($1, 'user-123', 'payment_pending', '[]', '{}', 'pm_card_visa', 'USD', 100, 0, 0, 100, '')`,
		[id]
	);
	await database.rows(
		`insert into orders.saga (order_id, user_id, step, fence, lease_owner, lease_until ${more && ", cancel_requested"})
		values ($1, 'user-123', 'forward', $2, 'node', now() + interval '1 min' ${more})`,
		[id, fence]
	);
	return id;
}

function workOf(id: string, fence: number, over: Partial<SagaRun> = {}): SagaRun {
	const order = { id, status: "payment_pending", items: [], totals: {}, reason: null };
	return {
		order: { ...order, user_id: "user-123", totals: { total: null } } as unknown as Order,
		payment_method: "pm_card_visa",
		fence,
		incarnation,
		attempt: 0,
		waitsFor: null,
		step: "forward",
		returning: null,
		refundReported: 0,
		cancelRequested: false,
		overdue: false,
		...over
	};
}

const confirmed = transition("payment_pending", "confirmed");
const failed = transition("payment_pending", "payment_failed", "card_declined");
const commitTransition = (work: SagaRun, to = confirmed) =>
	steps.commitTransition({ work, transition: to, yields: to === confirmed, ends: true });

async function statusOf(id: string): Promise<string> {
	const rows = await database.rows("select status from orders.orders where id = $1", [id]);
	return rows[0]!.status;
}

describe("committing a transition", () => {
	it("requires the current fence", async () => {
		const id = await held(3);
		expect(await commitTransition(workOf(id, 2))).toBe("fenced");
		expect(await statusOf(id)).toBe("payment_pending");
		expect(await commitTransition(workOf(id, 3))).toBe("done");
		expect(await statusOf(id)).toBe("confirmed");
	});

	it.each(["before", "after"])(
		"requires the current fence also when a stale run is %s it in the same batch",
		async where => {
			const id = await held(2);
			const runs = [
				() => commitTransition(workOf(id, 1), failed),
				() => commitTransition(workOf(id, 2))
			];
			const batch = where === "before" ? runs : runs.toReversed();
			const outcomes = await Promise.all(batch.map(run => run()));
			expect(outcomes).toEqual(where === "before" ? ["fenced", "done"] : ["done", "fenced"]);
			expect(await statusOf(id)).toBe("confirmed");
		}
	);

	it("yields to a requested cancellation, if it may yield", async () => {
		const id = await held(1, ", true");
		expect(await commitTransition(workOf(id, 1))).toBe("cancel");
		expect(await commitTransition(workOf(id, 1), failed)).toBe("done");
	});

	it("starts over under another incarnation of Postgres, and when that is unknown", async () => {
		const id = await held(1);
		expect(await commitTransition(workOf(id, 1, { incarnation: newId() }))).toBe("restart");
		expect(await commitTransition(workOf(id, 1, { incarnation: null }))).toBe("restart");
		expect(await statusOf(id)).toBe("payment_pending");
	});
});

it("an order that a node claims brings the trace in which it was placed", async () => {
	const id = await held(1);
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	await database.rows("update orders.orders set traceparent = $2 where id = $1", [id, traceparent]);
	await database.rows(
		"update orders.saga set lease_until = now() - interval '1 s' where order_id = $1",
		[id]
	);
	const { promise, resolve, reject } = Promise.withResolvers<SagaRun>();
	const poller = new Poller(database.db, {
		nodeId: "other",
		leaseMs: 60_000,
		pollMs: 1000,
		backlog: new Backlog(database.db, 10),
		onClaimed: work => work.order.id === id && resolve(work),
		onError: reject
	});
	poller.start();
	expect(await promise).toMatchObject({ fence: 2, traceparent });
	await poller.stop();
});

const reschedule = (work: SagaRun, delayMs: number, error: string | null) =>
	steps.reschedule({ work, delayMs, waitsFor: "fault", error });

describe("rescheduling an order", () => {
	const rescheduled = (id: string) =>
		database.rows<{ error: string | null; owner: string | null }>(
			"select last_error as error, lease_owner as owner from orders.saga where order_id = $1",
			[id]
		);

	it("requires the current fence, also beside a stale run", async () => {
		const id = await held(2);
		await Promise.all([
			reschedule(workOf(id, 1), 60_000, "stale"),
			reschedule(workOf(id, 2), 1000, "right")
		]);
		expect(await rescheduled(id)).toEqual([{ error: "right", owner: null }]);
	});

	it("works for the others when one row of the batch is locked", async () => {
		const [locked, free] = [await held(1), await held(1)];
		let unlock = () => {};
		const until = new Promise<void>(resolve => (unlock = resolve));
		const lock = database.db.transaction(async tx => {
			const text = "select 1 from orders.saga where order_id = $1 for update";
			await tx.query({ name: "lock one", text }, [locked]);
			await until;
		});
		const [first, second] = await Promise.allSettled([
			reschedule(workOf(locked, 1), 1000, null),
			reschedule(workOf(free, 1), 1000, null)
		]);
		unlock();
		await lock;
		expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
		expect((await rescheduled(free))[0]!.owner).toBeNull();
	}, 20_000);
});

describe("claiming an order of another node", () => {
	it("raises the fence, which excludes the silent node", async () => {
		const id = await held(5);
		const past = "update orders.saga set lease_until = now() - interval '1 s' where order_id = $1";
		await database.rows(past, [id]);
		const claimed = await database.db.query<{ id: string; fence: number }>(sql.claimSagas, [
			"other",
			30_000,
			64
		]);
		expect(claimed.find(row => row.id === id)).toMatchObject({ fence: 6, incarnation });
		expect(await commitTransition(workOf(id, 5))).toBe("fenced");
	});

	it("meets no deadlock with a node that releases all its orders", async () => {
		const ids = await Promise.all(Array.from({ length: 60 }, () => held(1)));
		const random = generator(5);
		for (let round = 0; round < 20; round++) {
			await database.rows("update orders.saga set lease_owner = 'node', attempt = attempt + 1");
			const shuffled = ids.toSorted(() => random() - 0.5);
			await Promise.all([
				database.db.query(sql.releaseLeases, ["node"]),
				...shuffled.map(id => reschedule(workOf(id, 1), 1000, null))
			]);
		}
	}, 30_000);
});
