import { settledStatuses } from "../../contracts/order-status.ts";
import type { Evidence } from "../evidence/evidence.ts";
import { withClient } from "../../db/client.ts";
import { runMatrix, type Matrix, type MatrixSize } from "./matrix.ts";
import { everyNodeWorks } from "./node-activity.ts";
import { schedule, type FaultKind } from "../faults/nemesis.ts";
import {
	recoveries,
	slowest,
	type OrderLifetime,
	type Recovery,
	type ServiceActivity
} from "./recovery.ts";
import { Storm, type Kill } from "../faults/storm.ts";
import { loadOrderTimeline, type OrderTimeline } from "../evidence/order-timeline.ts";
import type { ScenarioRunner } from "./scenario-runner.ts";
import type { Finding } from "./chaos-run.ts";
import type { Cluster } from "../cluster/cluster.ts";

export interface ChaosOptions {
	seed: number;
	orders: number;
	kills: number;
	/** Which failpoints are triggered in which modes, before the storm. */
	matrix: MatrixSize;
	/** Share of the provider's calls that fail, from 0 to 1. */
	providerFaults: number;
	kinds?: readonly FaultKind[];
	/** The matrix ends by then, however many rows are missing; and so does the storm, after it. */
	withinMs: number;
	quiesceMs: number;
	/** Called with a progress line. */
	onProgress(line: string): void;
}

export interface ChaosReport {
	seed: number;
	orders: number;
	requests: number;
	states: Record<string, number>;
	faults: Partial<Record<FaultKind, number>>;
	/** Calls of the provider that failed, by kind, since it was last killed. */
	providerFaults: Record<string, number>;
	matrix: Matrix;
	recoveries: Recovery[];
	findings: Finding[];
	/** Of orders with a violation. */
	timelines: OrderTimeline[];
	/** Of the order that took longest after a kill. */
	slowest: OrderTimeline | null;
	samples: number;
	stormMs: number;
	quiesceMs: number;
}

const progressEveryMs = 5000;
/** Share of the kills by which the storm may be ahead of the orders. */
const maxLead = 0.1;
/** How many orders' timelines are printed for each broken promise. */
const timelinesPerPromise = 1;

/** Every failpoint, then a storm over the shop under load, then the checkers. */
export async function runChaos(
	runner: ScenarioRunner,
	options: ChaosOptions
): Promise<ChaosReport> {
	const { seed, orders, kills, kinds, withinMs, onProgress } = options;
	const { cluster, chaosRun } = runner;
	const { load, history } = chaosRun;
	const matrix = await runMatrix(runner, options.matrix, withinMs, onProgress);
	const targets = cluster.nodes.map(({ name, wires }) => ({
		node: name,
		wires: Object.keys(wires)
	}));
	const storm = new Storm(cluster, schedule(seed, targets, kinds));
	const startedAt = performance.now();
	const elapsed = () => performance.now() - startedAt;
	const shouldContinue = () =>
		elapsed() < withinMs && (load.plans.length < orders || storm.kills.length < kills);
	// Spread over the orders: a shop that has no time to sell proves nothing.
	const isAhead = () => storm.kills.length / kills > load.accepted.size / orders + maxLead;
	const reportProgress = () =>
		onProgress(
			`${load.accepted.size} of ${orders} orders, ${storm.kills.length} of ${kills} kills, ${history.requests} requests, ${Math.round(elapsed() / 1000)} s`
		);
	const progressTimer = setInterval(reportProgress, progressEveryMs);
	await cluster.provider.setFaults(options.providerFaults, seed);
	try {
		await Promise.all([
			storm.run(() => kills > 0 && shouldContinue(), isAhead),
			load.run(shouldContinue)
		]);
	} finally {
		clearInterval(progressTimer);
	}
	const stormMs = elapsed();
	const providerFaults = await cluster.provider.faults().catch(() => ({}));
	reportProgress();
	onProgress("fault injection is over: all faults healed, every client retries once");
	await chaosRun.quiesce(options.quiesceMs);
	await runner.scriptedOrders.finishAll();
	const quiesceMs = elapsed() - stormMs;
	const { findings, evidence } = await chaosRun.check();
	const working = await everyNodeWorks(cluster);
	const recoveryTimes = await recoveriesOf(cluster, storm.kills, evidence);
	const slowestOrderId = slowest(recoveryTimes, "ordersMs")?.order_id;
	const url = cluster.servers.postgres.url;
	return {
		seed,
		orders: evidence.orders.length,
		requests: history.requests,
		states: countBy(evidence.orders, ({ status }) => status),
		faults: Object.fromEntries(storm.counts),
		providerFaults,
		matrix,
		recoveries: recoveryTimes,
		findings: [
			...findings,
			working,
			...matrixReached(matrix, options.matrix),
			everyKind(storm),
			stormSizeReached(options, load.plans.length, storm)
		],
		timelines: await timelines(cluster, findings, evidence),
		slowest: slowestOrderId
			? await loadOrderTimeline(url, slowestOrderId, evidence.outcomes, evidence.ledger)
			: null,
		samples: evidence.samples,
		stormMs,
		quiesceMs
	};
}

/** A failpoint that is not reached proves nothing. */
function matrixReached({ rows, missed }: Matrix, { turn }: MatrixSize): Finding[] {
	if (rows === 0) return [];
	const modes =
		turn === undefined ? "in every mode" : "by a delay and by a kill, a stop or an error";
	const title = `Every failpoint was reached and triggered ${modes}`;
	const violations = missed.map(what => ({ what: `${what} was not reached` }));
	return [{ promise: "", title, examined: `${rows} injections`, violations }];
}

/** A fault that did not take place proves nothing. A storm of twenty faults has all kinds. */
function everyKind({ attempted, counts }: Storm): Finding {
	const missing = [...attempted].filter(kind => !counts.has(kind));
	return {
		promise: "",
		title: "Every kind of fault of the schedule took place",
		examined: `${attempted.size} kinds`,
		violations: missing.map(kind => ({ what: `there was no ${kind}` }))
	};
}

/** A storm that ended too early proves less than its title says. */
function stormSizeReached({ orders, kills }: ChaosOptions, placed: number, storm: Storm): Finding {
	const sizeText = `${placed} orders placed and ${storm.kills.length} kills in the storm`;
	const isShort = placed < orders || storm.kills.length < kills;
	return {
		promise: "",
		title: `The storm had ${orders} orders and ${kills} kills`,
		examined: sizeText,
		violations: isShort ? [{ what: `had only ${sizeText}` }] : []
	};
}

function countBy<V>(values: readonly V[], key: (value: V) => string): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const value of values) counts[key(value)] = (counts[key(value)] ?? 0) + 1;
	return counts;
}

async function timelines(
	cluster: Cluster,
	findings: readonly Finding[],
	{ outcomes, ledger }: Evidence
): Promise<OrderTimeline[]> {
	const ids = findings.flatMap(({ violations }) =>
		violations.flatMap(({ order_id }) => order_id ?? []).slice(0, timelinesPerPromise)
	);
	const url = cluster.servers.postgres.url;
	return Promise.all([...new Set(ids)].map(id => loadOrderTimeline(url, id, outcomes, ledger)));
}

/** Activity of the services: from their own records, and the clients' for the gateway. */
function recoveriesOf(
	cluster: Cluster,
	kills: readonly Kill[],
	{ outcomes, ledger }: Evidence
): Promise<Recovery[]> {
	return withClient(cluster.servers.postgres.url, async client => {
		const times = async (sql: string) =>
			(await client.query<{ at: Date }>(sql)).rows.map(({ at }) => at.getTime());
		const activity: ServiceActivity = {
			gateway: outcomes.filter(({ phase }) => phase === "ok").map(({ at }) => at),
			order: await times("select at from orders.history"),
			product: await times("select at from product.stock_ledger where order_id is not null"),
			payment: ledger.map(({ at }) => new Date(at).getTime())
		};
		const lifetimes = await client.query<{ order_id: string; created: Date; rested: Date | null }>(
			`select order_id, min(at) as created, min(at) filter (where to_status = any($1)) as rested
			from orders.history group by 1`,
			[[...settledStatuses]]
		);
		const orders: OrderLifetime[] = lifetimes.rows.map(({ order_id, created, rested }) => ({
			order_id,
			created_at: created.getTime(),
			settled_at: rested?.getTime() ?? null
		}));
		return recoveries(kills, activity, orders);
	});
}
