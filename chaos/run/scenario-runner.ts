import { setTimeout as sleep } from "node:timers/promises";
import type { Arming } from "../../lib/failpoint.ts";
import { Errands } from "../clients/scripted-orders.ts";
import type { ChaosNode } from "../cluster/node.ts";
import { Strikes } from "../faults/failpoint-injector.ts";
import { Trial, type TrialOptions } from "./chaos-run.ts";
import { shelve } from "../../workload/stock.ts";
import { World, type WorldOptions } from "../cluster/cluster.ts";

const hitWithinMs = 30_000;
const nextMs = 100;
const mostUnderWay = 5;

type Struck = "order" | "product" | "payment";

/** A world in which one says who does what, and where it breaks. */
export class Stage {
	readonly world: World;
	readonly trial: Trial;
	readonly strikes: Strikes;
	readonly errands: Errands;
	#stopped: Promise<void> | undefined;

	private constructor(world: World, trial: Trial, strikes: Strikes, errands: Errands) {
		this.world = world;
		this.trial = trial;
		this.strikes = strikes;
		this.errands = errands;
	}

	static async open(options: WorldOptions, of: TrialOptions): Promise<Stage> {
		const strikes = new Strikes();
		const world = await World.start({
			...options,
			onHit: (node, hit) => strikes.hear(node, hit)
		});
		const trial = await Trial.open(world, of);
		const [none] = await shelve(world.servers.postgres.url, "none", 0);
		const [plenty, scarce] = [trial.shelves.plenty[0]!, trial.shelves.scarce[0]!];
		const errands = new Errands(trial.customers, { plenty, scarce, none: none! });
		return new Stage(world, trial, strikes, errands);
	}

	/**
	 * Arms a node and does `act` again and again until the point strikes there, but not for ever.
	 * Answers whether it did, and all that was begun.
	 */
	async provoke<V>(
		node: ChaosNode,
		arming: Arming,
		act: () => Promise<V>
	): Promise<{ hit: boolean; begun: Promise<V>[] }> {
		const { hit } = await this.strikes.arm(node, arming);
		const begun: Promise<V>[] = [];
		let isHit = false;
		let underWay = 0;
		void hit.then(() => (isHit = true));
		for (const end = performance.now() + hitWithinMs; !isHit && performance.now() < end;) {
			if (underWay < mostUnderWay) {
				underWay++;
				begun.push(act().finally(() => underWay--));
			}
			await Promise.race([hit, sleep(nextMs)]);
		}
		if (!isHit) await this.strikes.disarm(node);
		return { hit: isHit, begun };
	}

	/** Arms every node of a service. */
	async everywhere(service: Struck, arming: Arming): Promise<void> {
		const nodes = this.world.nodes.filter(node => node.service === service);
		await Promise.all(nodes.map(node => this.strikes.arm(node, arming)));
	}

	/** Resolves when no order is under way any more, or after so long. Answers how many are. */
	async rest(withinMs: number): Promise<number> {
		const end = performance.now() + withinMs;
		for (;;) {
			const left = await this.trial.underWay();
			if (left === 0 || performance.now() > end) return left;
			await sleep(100);
		}
	}

	/** Ends all of it, once. */
	stop(): Promise<void> {
		return (this.#stopped ??= this.trial.close().then(() => this.world.stop()));
	}
}
