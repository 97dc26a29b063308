import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Charge } from "../../../contracts/payment.ts";
import { newId } from "../../../lib/id.ts";
import { readLedger } from "../../../psp/ledger/ledger.ts";
import { Charges } from "../../../services/payment/charges/charges.ts";
import { NotSent } from "../../../services/payment/provider/guarded.ts";
import { SimulatedProvider } from "../../../services/payment/provider/simulator.ts";
import {
	type PaymentProvider,
	ProviderUnavailable
} from "../../../services/payment/provider/provider.ts";
import { Refunds } from "../../../services/payment/refunds/refunds.ts";
import { Idempotency } from "../../../idempotency/idempotency.ts";
import { RefundRepository } from "../../../services/payment/refunds/refund.repository.ts";
import { PaymentRepository } from "../../../services/payment/charges/payment.repository.ts";
import { Sweeper } from "../../../services/payment/sweeper.ts";
import { openBankPage } from "../../support/shop/bank-page.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { generator } from "../../support/random.ts";
import { until } from "../../support/until.ts";
import { alice } from "../../support/shop/callers.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/**
 * Everything that may happen to a payment, concurrently and in any order, on two nodes, with a provider
 * of which every third call fails. Time is moved at random too, so that even requests that "can no
 * longer be in flight" still arrive. In the end the ledgers must agree.
 */

const orders = 200;
const steps = 12;
const seed = Number(process.env.TEST_SEED ?? 1);
const random = generator(seed);
const oneOf = <V>(values: readonly V[]): V => values[Math.floor(random() * values.length)]!;

const database = useDatabase("payment", 8);
let ledger: string;
let isUnwell = true;
let nodes: { provider: PaymentProvider; charges: Charges; refunds: Refunds }[];
let sweepers: Sweeper[];
let payments: PaymentRepository;
let repository: RefundRepository;

/** Loses requests, loses responses, is late. */
function unreliable<P extends PaymentProvider>(provider: P): P {
	const calls = new Set(["charge", "retrieve", "abandon", "refund", "refundsOf"]);
	return new Proxy(provider, {
		get(target, name) {
			const member = Reflect.get(target, name) as unknown;
			if (typeof member !== "function") return member;
			const bound = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
			if (!calls.has(String(name))) return bound;
			return async (...args: unknown[]) => {
				const trouble = isUnwell ? oneOf(["not_sent", "lost", "unheard", "", "", ""]) : "";
				if (trouble === "not_sent") throw new NotSent("the provider is down");
				if (trouble === "lost") throw new ProviderUnavailable("the request was lost");
				if (isUnwell && random() < 0.5) await delay(random() * (name === "charge" ? 1000 : 50));
				const answer = await bound(...args);
				if (trouble === "unheard") throw new ProviderUnavailable("the response was lost");
				return answer;
			};
		}
	});
}

beforeAll(async () => {
	payments = new PaymentRepository(database.db);
	repository = new RefundRepository(database.db);
	const idempotency = new Idempotency(database.db);
	ledger = join(temporaryFolder(), "psp-ledger.jsonl");
	const opened = [0, 1].map(async () => {
		const provider = unreliable(await SimulatedProvider.open({ path: ledger }));
		const callbacks = { provider, onLate: () => undefined, onProblem: () => undefined };
		const waits = { chargeWaitMs: 50, challengeMs: 60_000, onRecorded: () => undefined };
		const charges = new Charges({ repository: payments, ...callbacks, ...waits });
		return { provider, charges, refunds: new Refunds({ repository, idempotency, ...callbacks }) };
	});
	nodes = await Promise.all(opened);
	sweepers = nodes.map(
		node => new Sweeper({ payments, repository, ...node, everyMs: 20, onError })
	);
	database.defer(() => Promise.all(nodes.map(({ provider }) => provider.close())));
	database.defer(() => Promise.all(sweepers.map(sweeper => sweeper.stop())));
	for (const sweeper of sweepers) sweeper.start();
});

interface Placed {
	charge: Charge;
	isVoided: boolean;
	/** Its saga has learned that it was not charged, and has ended. */
	isOver: boolean;
}

const cards = [
	"pm_card_visa",
	"pm_card_visa",
	"pm_card_chargeDeclined",
	"pm_card_threeDSecureRequired"
];

function place(): Placed {
	const amount = { amount: 1000, currency: "USD" };
	const lines = [{ product_id: "prod-001", amount: 1000 }];
	const payment_method = oneOf(cards);
	const charge = { order_id: newId(), user_id: alice.id, amount, lines, payment_method };
	return { charge, isVoided: false, isOver: false };
}

async function update(id: string, set: string): Promise<void> {
	await database.rows(`update payment.payments set ${set} where order_id = $1`, [id]);
}

const timePasses = (id: string) =>
	update(
		id,
		"sent_at = sent_at - interval '16 s', next_check_at = case when failure_code = 'voided' then now() end"
	);

/** An error leaves the outcome unknown, which is what is tested. */
const fine = () => undefined;
const onError = fine;
const row = async (id: string) => (await payments.find([id]))[0];

async function answer(id: string): Promise<void> {
	const url = (await row(id))?.action_url;
	const page = url && (await openBankPage(url));
	if (page) await page.press(oneOf(["Approve", "Refuse"])).catch(() => undefined);
}

const weightedSteps = [
	"charge",
	"charge",
	"resolve",
	"void",
	"void",
	"wake",
	"answer",
	"time",
	"time",
	"deadline"
] as const;

/** One thing that happens to an order: by its saga, its customer, the provider, or time. */
async function happens(placed: Placed): Promise<void> {
	const { charges, refunds } = oneOf(nodes);
	const id = placed.charge.order_id;
	const found = await row(id);
	switch (oneOf(weightedSteps)) {
		case "charge":
			// Also by a node that does not know yet that the order was cancelled.
			return void (await charges.charge([placed.charge]));
		case "resolve":
			return void (await charges.resolve([id]));
		case "void":
			placed.isVoided ||= random() < 0.5;
			if (random() < 0.5) await timePasses(id);
			return void (placed.isVoided && (await voidCharge(placed)));
		case "wake":
			if (found?.amount_minor) await charges.wake(found);
			return found && refunds.wake(found);
		case "answer":
			return answer(id);
		case "time":
			return timePasses(id);
		case "deadline":
			return update(id, "action_until = case when action_url is not null then now() end");
	}
}

/** Returns the payment's status. */
async function voidCharge(placed: Placed): Promise<string> {
	const [outcome] = await oneOf(nodes).charges.void([placed.charge.order_id]);
	placed.isOver ||= outcome!.status === "failed";
	return outcome!.status;
}

/** What its saga does once no faults happen any more. */
async function settle(placed: Placed): Promise<void> {
	const { charge, isVoided, isOver } = placed;
	const { order_id } = charge;
	if (isOver) return;
	const { charges, refunds } = oneOf(nodes);
	const status = await until(async () => {
		await timePasses(order_id);
		await answer(order_id);
		const status = isVoided
			? await voidCharge(placed)
			: (await charges.charge([charge]))[0]!.status;
		return status !== "processing" && status;
	});
	if (isVoided && status === "succeeded")
		await until(() =>
			refunds.refundRemaining(order_id, "requested").then(
				({ state }) => state === "refunded",
				() => false
			)
		);
}

const none = async (sql: string) => (await database.rows(sql)).length === 0;

/** Lets the sweepers check everything once more, and finish what follows from it. */
async function sweptClean(): Promise<void> {
	const voided = "status = 'failed' and failure_code = 'voided'";
	await database.rows(
		`update payment.payments set next_check_at = '-infinity' where next_check_at is not null and ${voided}`
	);
	await until(() =>
		none(`select from payment.payments where next_check_at = '-infinity' and ${voided}`)
	);
	// Findings are recorded when the sweep is over.
	await Promise.all(sweepers.map(sweeper => sweeper.stop()));
	for (const sweeper of sweepers) sweeper.start();
	await until(async () => {
		await database.rows(
			"update payment.refunds set next_check_at = '-infinity' where status = 'pending'"
		);
		return none(
			`select from payment.refunds where status = 'pending' union all
			select from payment.payments where status = 'succeeded' and failure_code = 'voided'
				and refunded_minor < amount_minor`
		);
	});
}

/** What the provider kept of each order. */
async function kept(): Promise<Map<string, number>> {
	const { charges } = await readLedger(ledger);
	expect(new Set(charges.map(({ order_id }) => order_id)).size).toBe(charges.length);
	return new Map(
		charges.map(c => [c.order_id, c.status === "succeeded" ? c.amount - c.refunded : 0])
	);
}

it(`leaves consistent ledgers after random faults (TEST_SEED=${seed})`, async () => {
	const all = Array.from({ length: orders }, place);
	const life = async (placed: Placed) => {
		for (let step = 0; step < steps; step++)
			await Promise.all([happens(placed), happens(placed)].map(one => one.catch(fine)));
	};
	await Promise.all(all.map(life));
	await Promise.all(nodes.map(({ charges }) => charges.idle()));
	isUnwell = false;
	for (const placed of all) await settle(placed);
	await sweptClean();

	const books = await kept();
	const wrong = [];
	for (const { charge, isVoided } of all) {
		const { status, failure_code } = (await row(charge.order_id))!;
		const isPaid = status === "succeeded" && !isVoided;
		if ((books.get(charge.order_id) ?? 0) !== (isPaid ? 1000 : 0))
			wrong.push({ ...charge, status, failure_code, kept: books.get(charge.order_id) });
	}
	expect(wrong).toEqual([]);
	const torn = `select p.id from payment.payments p join payment.events e on e.payment_id = p.id
		where p.amount_minor is not null group by p.id, p.seq having max(e.seq) <> p.seq or count(*) <> p.seq`;
	expect(await database.rows(torn)).toEqual([]);
}, 120_000);
