import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TokenIssuer } from "../../services/user/token-issuer.ts";
import { accepted } from "../checkers/accepted.checker.ts";
import { answers } from "../checkers/answers.checker.ts";
import type { Checker, Violation } from "../checkers/checker.ts";
import { messages } from "../checkers/messages.checker.ts";
import { effects } from "../checkers/effects.checker.ts";
import { minutes } from "../checkers/windows.checker.ts";
import { money } from "../checkers/money.checker.ts";
import { published } from "../checkers/published.checker.ts";
import { records } from "../checkers/records.checker.ts";
import { review } from "../checkers/review.checker.ts";
import { stock } from "../checkers/stock.checker.ts";
import { toldUnpaid } from "../checkers/no-charge-when-unpaid.checker.ts";
import { Customers } from "../clients/customers.ts";
import { gather, type Evidence } from "../evidence/evidence.ts";
import { History } from "../evidence/client-history.ts";
import { Load } from "../clients/load.ts";
import { scarceUnits, userCount, type Shelves, staff } from "../clients/order-plan.ts";
import { StockSampler } from "../evidence/stock-sampler.ts";
import { behind } from "../evidence/event-stream.ts";
import type { World } from "../cluster/cluster.ts";
import { rows, shelve } from "../../workload/stock.ts";

export const checkers: readonly Checker[] = [
	accepted,
	review,
	stock,
	money,
	messages,
	answers,
	toldUnpaid,
	records,
	published,
	effects,
	minutes
];

export interface TrialOptions {
	seed: number;
	/** How many are to be placed: the scarce goods are for two thirds of them. */
	orders: number;
	/** Customers who act at one time. */
	lanes?: number;
	perSecond?: number;
}

export interface Finding {
	promise: string;
	title: string;
	looked: string;
	violations: Violation[];
}

export interface Verdict {
	findings: Finding[];
	evidence: Evidence;
}

/** The nightly run takes more than an hour on a busy machine. */
const tokenTtlS = 86_400;
/** As long as the consumers' longest waits together. */
const readWithinMs = 60_000;
const inPlenty = 1_000_000;

/** Goods, customers and a witness in one world; at the end, what is to be thought of it. */
export class Trial {
	readonly world: World;
	readonly history: History;
	readonly customers: Customers;
	readonly shelves: Shelves;
	readonly load: Load;
	readonly #sampler = new StockSampler();

	private constructor(
		world: World,
		history: History,
		customers: Customers,
		shelves: Shelves,
		load: Load
	) {
		this.world = world;
		this.history = history;
		this.customers = customers;
		this.shelves = shelves;
		this.load = load;
	}

	static async open(world: World, options: TrialOptions): Promise<Trial> {
		const { seed, orders, lanes = 48, perSecond = 20 } = options;
		const shelves = await stockUp(world.servers.postgres.url, orders);
		await register(world.servers.postgres.url);
		const tokens = await sign(world);
		const history = await History.open(join(world.folder, "history.jsonl"));
		const tokenOf = (user: string) => tokens.get(user)!;
		const customers = new Customers({ history, url: () => world.url, tokenOf });
		const load = new Load({ customers, seed, shelves, lanes, perSecond });
		const trial = new Trial(world, history, customers, shelves, load);
		trial.#sampler.start(() => world.servers.postgres.url);
		return trial;
	}

	/** Ends all faults, lets every client ask again and waits until nothing is under way. */
	async quiesce(withinMs: number): Promise<void> {
		const end = performance.now() + withinMs;
		await this.world.heal();
		while (!this.world.ready && performance.now() < end) await sleep(100);
		// Twice: what was still under way when its client asked again has an outcome now.
		for (const mostMs of [withinMs, 10_000]) {
			await this.load.settle(Math.min(mostMs, end - performance.now()));
			while ((await this.underWay()) > 0 && performance.now() < end) await sleep(250);
		}
	}

	/** Holds every promise against what has happened so far. */
	async examine(): Promise<Verdict> {
		await this.#caughtUp();
		const { violations: brokenStock, samples } = this.#sampler;
		const { outcomes } = this.history;
		const ledger = await this.world.provider.ledger();
		const messages = await this.world.provider.messages();
		const witness = { outcomes, ledger, messages, brokenStock, samples };
		const evidence = await gather(this.world.servers.postgres.url, witness);
		const findings = checkers.map(({ promise, title, looked, violations }) => ({
			promise,
			title,
			looked: looked(evidence),
			violations: violations(evidence)
		}));
		return { findings, evidence };
	}

	/** Waits for those who read the stream; what they never get is a violation. */
	async #caughtUp(): Promise<void> {
		const { url } = this.world.servers.postgres;
		const waiting = async () => (await rows<{ waiting: number }>(url, behind))[0]!.waiting;
		for (const end = performance.now() + readWithinMs; performance.now() < end;) {
			if ((await waiting()) === 0) return;
			await sleep(250);
		}
	}

	/** Ends the witness; the world goes on. */
	async close(): Promise<void> {
		await this.#sampler.stop();
		await this.history.close();
	}

	/** Orders and refunds that have no end yet; without any, messages of the provider that are not there. */
	async underWay(): Promise<number> {
		const [row] = await rows<{ open: number; taken: number }>(
			this.world.servers.postgres.url,
			`select (select count(*) from payment.psp_inbox)::int as taken, (count(*)
				+ (select count(*) from payment.refunds where status = 'pending'))::int as open
			from orders.saga join orders.orders on id = order_id where status <> 'payment_review'`
		);
		const { open, taken } = row!;
		return open || (await this.world.provider.messages()).happened - taken;
	}
}

async function stockUp(url: string, orders: number): Promise<Shelves> {
	return {
		scarce: await shelve(url, "scarce", scarceUnits(orders)),
		plenty: await shelve(url, "plenty", inPlenty)
	};
}

const customers = Array.from({ length: userCount }, (_, index) => `load-${index}`);

/** So that there is an address to write to. Nobody signs in with a password. */
async function register(url: string): Promise<void> {
	await rows(
		url,
		`insert into users.users (id, email, name, password_hash, role)
		select id, id || '@shop.test', id, '-', 'customer' from unnest($1::text[]) as id`,
		[customers]
	);
}

/** Tokens as the user service signs them; signing in is not what is tried here. */
async function sign({ keys }: World): Promise<Map<string, string>> {
	const issuer = await TokenIssuer.fromPem(keys.privateKey, tokenTtlS);
	const signed = customers.map(
		async id => [id, await issuer.sign({ id, role: "customer" })] as const
	);
	const admin = [staff, await issuer.sign({ id: staff, role: "admin" })] as const;
	return new Map([...(await Promise.all(signed)), admin]);
}
