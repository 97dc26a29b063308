import { setTimeout as sleep } from "node:timers/promises";
import type { Arming } from "../../lib/failpoint.ts";
import { ScriptedOrders } from "../clients/scripted-orders.ts";
import type { ChaosNode } from "../cluster/node.ts";
import { FailpointInjector } from "../faults/failpoint-injector.ts";
import { ChaosRun, type ChaosRunOptions } from "./chaos-run.ts";
import { seedStock } from "../../workload/stock.ts";
import { Cluster, type ClusterOptions } from "../cluster/cluster.ts";

/** A return takes a dozen requests, and its saga may sleep 10 s after the faults of other rows. */
const hitTimeoutMs = 150_000;
/** An order has the more time to come to the point, the fewer there are beside it. */
const nextMs = 300;
const maxInFlight = 5;

type TargetService = "order" | "product" | "payment";

/** A cluster with the steps of which scenarios are made. */
export class ScenarioRunner {
	readonly cluster: Cluster;
	readonly chaosRun: ChaosRun;
	readonly failpoints: FailpointInjector;
	readonly scriptedOrders: ScriptedOrders;
	#stopped: Promise<void> | undefined;

	private constructor(
		cluster: Cluster,
		chaosRun: ChaosRun,
		failpoints: FailpointInjector,
		scriptedOrders: ScriptedOrders
	) {
		this.cluster = cluster;
		this.chaosRun = chaosRun;
		this.failpoints = failpoints;
		this.scriptedOrders = scriptedOrders;
	}

	static async open(options: ClusterOptions, of: ChaosRunOptions): Promise<ScenarioRunner> {
		const failpoints = new FailpointInjector();
		const cluster = await Cluster.start({
			...options,
			onHit: (node, hit) => failpoints.onHit(node, hit)
		});
		const chaosRun = await ChaosRun.open(cluster, of);
		const [none] = await seedStock(cluster.servers.postgres.url, "none", 0);
		const [plenty, scarce] = [chaosRun.products.plenty[0]!, chaosRun.products.scarce[0]!];
		const abroad = chaosRun.products.abroad.ISK![0]!;
		const goods = { plenty, scarce, none: none!, abroad, hoarded: chaosRun.products.hoarded };
		const scriptedOrders = new ScriptedOrders(chaosRun.customers, goods);
		return new ScenarioRunner(cluster, chaosRun, failpoints, scriptedOrders);
	}

	/**
	 * Arms a node and calls `runOnce` until every failpoint is hit there, for a limited time. A node that restarts
	 * meanwhile has forgotten them, and is armed again.
	 * Returns which of them were hit, and what `runOnce` returned each time.
	 */
	async runUntilHit<V>(
		node: ChaosNode,
		armings: readonly Arming[],
		runOnce: () => Promise<V>
	): Promise<{ hits: ReadonlySet<Arming>; started: Promise<V>[] }> {
		const hits = new Set<Arming>();
		const left = () => armings.filter(arming => !hits.has(arming));
		const started: Promise<V>[] = [];
		let allHit: Promise<unknown> | undefined;
		let inFlight = 0;
		let armedIn = 0;
		for (const end = performance.now() + hitTimeoutMs; performance.now() < end;) {
			if (node.ready && armedIn !== node.starts) {
				armedIn = node.starts;
				const armed = await Promise.all(
					left().map(one => this.#arm(node, one, () => hits.add(one)))
				);
				allHit = Promise.all(armed.map(({ hit }) => hit));
			}
			if (left().length === 0) break;
			if (inFlight < maxInFlight) {
				inFlight++;
				started.push(runOnce().finally(() => inFlight--));
			}
			await Promise.race([allHit ?? sleep(nextMs), sleep(nextMs)]);
		}
		if (left().length > 0) await this.failpoints.disarm(node);
		return { hits, started };
	}

	async #arm(node: ChaosNode, arming: Arming, onHit: () => void): Promise<{ hit: Promise<void> }> {
		const { hit } = await this.failpoints.arm(node, arming);
		return { hit: hit.then(onHit) };
	}

	/** Arms every node of a service. */
	async armAll(service: TargetService, arming: Arming): Promise<void> {
		const nodes = this.cluster.nodes.filter(node => node.service === service);
		await Promise.all(nodes.map(node => this.failpoints.arm(node, arming)));
	}

	/** Ends all of it, once. */
	stop(): Promise<void> {
		return (this.#stopped ??= this.chaosRun.close().then(() => this.cluster.stop()));
	}
}
