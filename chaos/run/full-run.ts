import pg from "pg";
import { settledStatuses } from "../../contracts/order-status.ts";
import type { Evidence } from "../evidence/evidence.ts";
import { strikeEach, type Matrix } from "./matrix.ts";
import { schedule, type FaultKind } from "../faults/nemesis.ts";
import {
	recoveries,
	slowest,
	type OrderLife,
	type Recovery,
	type SignsOfLife
} from "./recovery.ts";
import { Storm, type Kill } from "../faults/storm.ts";
import { storyOf, type Story } from "../evidence/order-timeline.ts";
import type { Stage } from "./scenario-runner.ts";
import type { Finding } from "./chaos-run.ts";
import type { World } from "../cluster/cluster.ts";

export interface ProofOptions {
	seed: number;
	orders: number;
	kills: number;
	/** How often every failpoint strikes in every mode, before the storm. */
	matrix: number;
	/** Of the provider's calls that go wrong, from 0 to 1. */
	providerFaults: number;
	kinds?: readonly FaultKind[];
	/** The strikes end by then, however many are missing; and so does the storm, after them. */
	withinMs: number;
	quiesceMs: number;
	/** Told where it stands. */
	say(line: string): void;
}

export interface Proof {
	seed: number;
	orders: number;
	requests: number;
	states: Record<string, number>;
	faults: Partial<Record<FaultKind, number>>;
	/** Calls of the provider that went wrong, by kind, since it was last killed. */
	providerFaults: Record<string, number>;
	matrix: Matrix;
	recoveries: Recovery[];
	findings: Finding[];
	/** Of orders with which a promise was broken. */
	stories: Story[];
	/** Of the order that took longest after a kill. */
	slowest: Story | null;
	samples: number;
	stormMs: number;
	quiesceMs: number;
}

const sayEveryMs = 5000;
/** By so much of the kills the storm may be ahead of the orders. */
const headStart = 0.1;
/** Of each promise that is broken: one order whose history is told. */
const storiesEach = 1;

/** Every failpoint, then a storm over the shop under load, and what is left of its promises. */
export async function prove(stage: Stage, options: ProofOptions): Promise<Proof> {
	const { seed, orders, kills, kinds, withinMs, say } = options;
	const { world, trial } = stage;
	const { load, history } = trial;
	const matrix = await strikeEach(stage, options.matrix, withinMs, say);
	const targets = world.nodes.map(({ name, wires }) => ({ node: name, wires: Object.keys(wires) }));
	const storm = new Storm(world, schedule(seed, targets, kinds));
	const begun = performance.now();
	const elapsed = () => performance.now() - begun;
	const wanted = () =>
		elapsed() < withinMs && (load.plans.length < orders || storm.kills.length < kills);
	// Spread over the orders: a shop that is given no time to sell proves nothing.
	const early = () => storm.kills.length / kills > load.accepted.size / orders + headStart;
	const tell = () =>
		say(
			`${load.accepted.size} of ${orders} orders, ${storm.kills.length} of ${kills} kills, ${history.requests} requests, ${Math.round(elapsed() / 1000)} s`
		);
	const teller = setInterval(tell, sayEveryMs);
	await world.provider.setFaults(options.providerFaults, seed);
	try {
		await Promise.all([storm.run(() => kills > 0 && wanted(), early), load.run(wanted)]);
	} finally {
		clearInterval(teller);
	}
	const stormMs = elapsed();
	const providerFaults = await world.provider.faults().catch(() => ({}));
	tell();
	say("the storm is over: everything is healed, every client asks once more");
	await trial.quiesce(options.quiesceMs);
	await stage.errands.lookAgain();
	const quiesceMs = elapsed() - stormMs;
	const { findings, evidence } = await trial.examine();
	const felt = await recoveriesOf(world, storm.kills, evidence);
	const last = slowest(felt, "ordersMs")?.order_id;
	const url = world.servers.postgres.url;
	return {
		seed,
		orders: evidence.orders.length,
		requests: history.requests,
		states: countBy(evidence.orders, ({ status }) => status),
		faults: Object.fromEntries(storm.counts),
		providerFaults,
		matrix,
		recoveries: felt,
		findings: [...findings, ...reached(matrix), longEnough(options, load.plans.length, storm)],
		stories: await stories(world, findings, evidence),
		slowest: last ? await storyOf(url, last, evidence.outcomes, evidence.ledger) : null,
		samples: evidence.samples,
		stormMs,
		quiesceMs
	};
}

/** A failpoint that nothing reaches proves nothing. */
function reached({ rows, missed }: Matrix): Finding[] {
	if (rows === 0) return [];
	const title = "Every failpoint was reached, and struck in every mode";
	const violations = missed.map(what => ({ what: `${what} was not reached` }));
	return [{ promise: "", title, looked: `${rows} strikes`, violations }];
}

/** A storm that was over too early proves less than it is said to. */
function longEnough({ orders, kills }: ProofOptions, placed: number, storm: Storm): Finding {
	const had = `${placed} orders placed and ${storm.kills.length} kills in the storm`;
	const isShort = placed < orders || storm.kills.length < kills;
	return {
		promise: "",
		title: `The storm had ${orders} orders and ${kills} kills`,
		looked: had,
		violations: isShort ? [{ what: `had only ${had}` }] : []
	};
}

function countBy<V>(values: readonly V[], key: (value: V) => string): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const value of values) counts[key(value)] = (counts[key(value)] ?? 0) + 1;
	return counts;
}

async function stories(
	world: World,
	findings: readonly Finding[],
	{ outcomes, ledger }: Evidence
): Promise<Story[]> {
	const ids = findings.flatMap(({ violations }) =>
		violations.flatMap(({ order_id }) => order_id ?? []).slice(0, storiesEach)
	);
	const url = world.servers.postgres.url;
	return Promise.all([...new Set(ids)].map(id => storyOf(url, id, outcomes, ledger)));
}

/** What the services are seen to have done: their own records, and the clients' for the gateway. */
async function recoveriesOf(
	world: World,
	kills: readonly Kill[],
	{ outcomes, ledger }: Evidence
): Promise<Recovery[]> {
	const client = new pg.Client({ connectionString: world.servers.postgres.url });
	await client.connect();
	try {
		const times = async (sql: string) =>
			(await client.query<{ at: Date }>(sql)).rows.map(({ at }) => at.getTime());
		const signs: SignsOfLife = {
			gateway: outcomes.filter(({ phase }) => phase === "ok").map(({ at }) => at),
			order: await times("select at from orders.history"),
			product: await times("select at from product.stock_ledger where order_id is not null"),
			payment: ledger.map(({ at }) => new Date(at).getTime())
		};
		const lives = await client.query<{ order_id: string; created: Date; rested: Date | null }>(
			`select order_id, min(at) as created, min(at) filter (where to_status = any($1)) as rested
			from orders.history group by 1`,
			[[...settledStatuses]]
		);
		const orders: OrderLife[] = lives.rows.map(({ order_id, created, rested }) => ({
			order_id,
			created_at: created.getTime(),
			rested_at: rested?.getTime() ?? null
		}));
		return recoveries(kills, signs, orders);
	} finally {
		await client.end();
	}
}
