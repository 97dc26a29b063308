import { join } from "node:path";
import { TokenIssuer } from "../../services/user/token-issuer.ts";
import { accepted } from "../checkers/accepted.checker.ts";
import { answers } from "../checkers/answers.checker.ts";
import type { Checker, Violation } from "../checkers/checker.ts";
import { messages } from "../checkers/messages.checker.ts";
import { currencies } from "../checkers/currencies.checker.ts";
import { effects } from "../checkers/effects.checker.ts";
import { windows } from "../checkers/windows.checker.ts";
import { money } from "../checkers/money.checker.ts";
import { paymentEvents } from "../checkers/payment-events.checker.ts";
import { published } from "../checkers/published.checker.ts";
import { records } from "../checkers/records.checker.ts";
import { review } from "../checkers/review.checker.ts";
import { stock } from "../checkers/stock.checker.ts";
import { webhooks } from "../checkers/webhooks.checker.ts";
import { unpaidShare } from "../checkers/unpaid-share.checker.ts";
import { noChargeWhenUnpaid } from "../checkers/no-charge-when-unpaid.checker.ts";
import { Customers } from "../clients/customers.ts";
import { collectEvidence, type Evidence } from "../evidence/evidence.ts";
import { History } from "../evidence/client-history.ts";
import { Reviewers } from "../clients/reviewers.ts";
import { WebhookReceiver } from "../clients/webhook-receiver.ts";
import { Load } from "../clients/load.ts";
import {
	currenciesAbroad,
	hoardedUnits,
	scarceUnits,
	userCount,
	type StockedProducts,
	staff
} from "../clients/order-plan.ts";
import { StockSampler } from "../evidence/stock-sampler.ts";
import { unprocessed } from "../evidence/event-stream.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { rows } from "../../db/client.ts";
import { seedStock } from "../../workload/stock.ts";
import { poll } from "../../lib/retry.ts";

export const checkers: readonly Checker[] = [
	accepted,
	review,
	stock,
	money,
	paymentEvents,
	currencies,
	messages,
	answers,
	noChargeWhenUnpaid,
	records,
	published,
	effects,
	unpaidShare,
	windows,
	webhooks
];

export interface ChaosRunOptions {
	seed: number;
	/** How many are to be placed: the scarce products suffice for two thirds of them. */
	orders: number;
	/** Concurrent customers. */
	lanes?: number;
	perSecond?: number;
}

export interface Finding {
	promise: string;
	title: string;
	examined: string;
	violations: Violation[];
}

export interface CheckResult {
	findings: Finding[];
	evidence: Evidence;
}

/** The nightly run takes more than an hour on a busy machine. */
const tokenTtlS = 86_400;
/** As long as the consumers' longest waits together: a delivery of a killed node waits a minute, and then for its turn. */
const consumersTimeoutMs = 100_000;
const plentyUnits = 1_000_000;

/** Products, customers and a stock sampler in one cluster; at the end, the checkers' findings. */
export class ChaosRun {
	readonly cluster: Cluster;
	readonly history: History;
	readonly customers: Customers;
	readonly products: StockedProducts;
	readonly load: Load;
	readonly #sampler = new StockSampler();
	readonly #reviewers: Reviewers;
	readonly #receiver: WebhookReceiver;

	private constructor(
		cluster: Cluster,
		history: History,
		customers: Customers,
		products: StockedProducts,
		load: Load,
		reviewers: Reviewers,
		receiver: WebhookReceiver
	) {
		this.#receiver = receiver;
		this.#reviewers = reviewers;
		this.cluster = cluster;
		this.history = history;
		this.customers = customers;
		this.products = products;
		this.load = load;
	}

	static async open(cluster: Cluster, options: ChaosRunOptions): Promise<ChaosRun> {
		const { seed, orders, lanes = 48, perSecond = 20 } = options;
		const products = await seedProducts(cluster.servers.postgres.url, orders);
		await registerCustomers(cluster.servers.postgres.url);
		const tokens = await signTokens(cluster);
		const history = await History.open(join(cluster.folder, "history.jsonl"));
		const tokenOf = (user: string) => tokens.get(user)!;
		const customers = new Customers({
			history,
			url: () => cluster.url,
			tokenOf,
			refundElsewhere: (id, amount) => cluster.provider.refund(id, amount)
		});
		const reviewers = new Reviewers({ url: () => cluster.url, token: () => tokenOf(staff) });
		const load = new Load({ customers, seed, products, lanes, perSecond });
		const receiver = await WebhookReceiver.open(cluster.servers.postgres.url, seed);
		const parts = [customers, products, load, reviewers, receiver] as const;
		const chaosRun = new ChaosRun(cluster, history, ...parts);
		reviewers.start();
		chaosRun.#sampler.start(() => cluster.servers.postgres.url);
		return chaosRun;
	}

	/** Ends all faults, lets every client retry and waits until no order is in progress. */
	async quiesce(withinMs: number): Promise<void> {
		const end = performance.now() + withinMs;
		await this.cluster.heal();
		this.#receiver.heal();
		const leftMs = () => end - performance.now();
		await poll(() => this.cluster.ready, { everyMs: 100, withinMs: leftMs() });
		// Twice: orders that were still in progress at the first retry have an outcome now.
		for (const mostMs of [withinMs, 10_000]) {
			await this.load.settle(Math.min(mostMs, leftMs()));
			await this.waitUntilSettled(leftMs());
		}
	}

	/** Waits until no order is in progress, or the time is over. Answers how many are. */
	waitUntilSettled(withinMs: number): Promise<number> {
		const isDone = (unfinished: number) => unfinished === 0;
		return poll(() => this.countUnfinished(), { everyMs: 100, withinMs, isDone });
	}

	/** Runs every checker on what has happened so far. */
	async check(): Promise<CheckResult> {
		await this.#waitForConsumers();
		const { violations: brokenStock, samples } = this.#sampler;
		const { outcomes } = this.history;
		const ledger = await this.cluster.provider.ledger();
		const messages = await this.cluster.provider.messages();
		const disputes = await this.cluster.provider.disputes();
		const webhooks = this.#receiver.received;
		const observations = { outcomes, ledger, disputes, messages, brokenStock, samples, webhooks };
		const evidence = await collectEvidence(this.cluster.servers.postgres.url, observations);
		const findings = checkers.map(({ promise, title, examined, violations }) => ({
			promise,
			title,
			examined: examined(evidence),
			violations: violations(evidence)
		}));
		return { findings, evidence };
	}

	/** Waits for the consumers; events that they never get are violations. */
	async #waitForConsumers(): Promise<void> {
		const { url } = this.cluster.servers.postgres;
		const look = async () => (await rows<{ waiting: number }>(url, unprocessed))[0]!.waiting;
		const isDone = (waiting: number) => waiting === 0;
		await poll(look, { everyMs: 250, withinMs: consumersTimeoutMs, isDone });
	}

	/** Ends the sampler; the cluster keeps running. */
	async close(): Promise<void> {
		await this.#reviewers.stop();
		await this.#sampler.stop();
		await this.#receiver.close();
		await this.history.close();
	}

	/** Open orders, refunds and notices about payments; when there are none, webhooks that are missing. */
	async countUnfinished(): Promise<number> {
		const [row] = await rows<{ open: number; taken: number }>(
			this.cluster.servers.postgres.url,
			`select (select count(*) from payment.psp_inbox)::int as taken, (count(*)
				+ (select count(*) from payment.refunds where status in ('pending', 'review'))
				+ (select count(*) from payment.notices))::int as open
			from orders.saga join orders.orders on id = order_id where status <> 'payment_review'`
		);
		const { open, taken } = row!;
		return open || (await this.cluster.provider.messages()).happened - taken;
	}
}

async function seedProducts(url: string, orders: number): Promise<StockedProducts> {
	const [hoarded] = await seedStock(url, "hoarded", hoardedUnits);
	return {
		hoarded: hoarded!,
		scarce: await seedStock(url, "scarce", scarceUnits(orders)),
		plenty: await seedStock(url, "plenty", plentyUnits),
		abroad: Object.fromEntries(
			await Promise.all(
				currenciesAbroad.map(async currency => {
					const prefix = `plenty-${currency.toLowerCase()}`;
					return [currency, await seedStock(url, prefix, plentyUnits, currency)] as const;
				})
			)
		)
	};
}

const customers = Array.from({ length: userCount }, (_, index) => `load-${index}`);

/** So that there is an address to write to. No user signs in with a password. */
async function registerCustomers(url: string): Promise<void> {
	await rows(
		url,
		`insert into users.users (id, email, name, password_hash, role)
		select id, id || '@shop.test', id, '-', case id when $2 then 'admin' else 'customer' end
		from unnest($1::text[]) as id`,
		[[...customers, staff], staff]
	);
}

/** Tokens as the user service signs them; signing in is not tested here. */
async function signTokens({ keys }: Cluster): Promise<Map<string, string>> {
	const issuer = await TokenIssuer.fromPem(keys.privateKey, tokenTtlS);
	const signed = customers.map(
		async id => [id, await issuer.sign({ id, role: "customer" }, new Date())] as const
	);
	const admin = [staff, await issuer.sign({ id: staff, role: "admin" }, new Date())] as const;
	return new Map([...(await Promise.all(signed)), admin]);
}
