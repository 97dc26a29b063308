import { setTimeout as sleep } from "node:timers/promises";
import type { Failpoint, Mode } from "../../lib/failpoint.ts";
import { KafkaDriver } from "../../streams/kafka/kafka.driver.ts";
import { topics } from "../../streams/messages/topics.ts";
import type { ChaosNode } from "../cluster/node.ts";
import type { FailpointInjector } from "../faults/failpoint-injector.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { relayHolder } from "../cluster/relay-holder.ts";
import { poll } from "../../lib/retry.ts";

export interface LogStormOptions {
	relayKills: number;
	consumerKills: number;
	brokerKills: number;
	/** How long the broker is paused, once. */
	pauseMs: number;
	rebalances: number;
	/** No failpoint is armed and no process killed later. */
	withinMs: number;
}

/** What was done; `struck`: failpoints and modes. */
export interface LogFaults {
	relayKills: number;
	consumerKills: number;
	brokerKills: number;
	brokerPauses: number;
	rebalances: number;
	injected: string[];
	missed: string[];
}

const modes = ["kill", "stop", "throw", "delay"] as const satisfies Mode[];
const injectionsOf = (...points: Failpoint[]) =>
	points.flatMap(point => modes.map(mode => ({ point, mode })));
type Injection = ReturnType<typeof injectionsOf>[number];

const relay = injectionsOf(
	"stream.relay.after_read",
	"stream.relay.after_send",
	"stream.relay.after_mark"
);
const consumer = injectionsOf(
	"stream.consumer.after_read",
	"stream.consumer.before_offset",
	"stream.consumer.after_commit"
);
/** A window is emitted every few seconds, by either node: these come first, while events come fast. */
const emitting = injectionsOf("analytics.window.after_emit");
const applying = injectionsOf("analytics.window.after_apply");

/** The broker is paused for a part of it, and only one of two nodes emits a window. */
const hitTimeoutMs = 180_000;
const rearmMs = 5000;
const betweenMs = 1000;
/** A group removes a silent member after 10 s. */
const pausedMs = 12_000;
const foreignMemberMs = 2500;
const downMs = 3000;
/** While the broker is down few points are reached: most have been by then. */
const brokerFaultsAfterMs = 30_000;

/** Faults for relays and consumers, concurrently by kind. */
export class LogStorm {
	readonly faults: LogFaults = {
		relayKills: 0,
		consumerKills: 0,
		brokerKills: 0,
		brokerPauses: 0,
		rebalances: 0,
		injected: [],
		missed: []
	};
	readonly #cluster: Cluster;
	readonly #failpoints: FailpointInjector;
	readonly #options: LogStormOptions;
	readonly #end: number;

	constructor(cluster: Cluster, failpoints: FailpointInjector, options: LogStormOptions) {
		this.#cluster = cluster;
		this.#failpoints = failpoints;
		this.#options = options;
		this.#end = performance.now() + options.withinMs;
	}

	async run(): Promise<void> {
		const node = (name: string) => async () => [this.#cluster.node(name)];
		const either = async () => [
			this.#cluster.node("analytics-1"),
			this.#cluster.node("analytics-2")
		];
		await Promise.all([
			this.#lane(() => this.#relayHolder(), relay, "relayKills"),
			this.#lane(node("notification-1"), consumer, "consumerKills", 0),
			this.#disruptBroker(),
			this.#lane(either, emitting, "consumerKills", 0).then(() =>
				Promise.all([
					this.#lane(node("analytics-1"), consumer, "consumerKills"),
					this.#pauseMember().then(() =>
						Promise.all([
							this.#lane(node("analytics-2"), applying, "consumerKills", 0),
							this.#joinForeignMembers()
						])
					)
				])
			)
		]);
	}

	get #isOver(): boolean {
		return performance.now() > this.#end;
	}

	/** Triggers all failpoints, then kills, of the node with the role, until there were enough. */
	async #lane(
		targets: () => Promise<ChaosNode[]>,
		failpoints: readonly Injection[],
		kills: "relayKills" | "consumerKills",
		wanted = this.#options[kills]
	): Promise<void> {
		for (const injection of failpoints) {
			const name = `${injection.point}=${injection.mode}`;
			const isHit = !this.#isOver && (await this.#inject(targets, injection));
			(isHit ? this.faults.injected : this.faults.missed).push(name);
			if (isHit && injection.mode === "kill") this.faults[kills]++;
		}
		while (this.faults[kills] < wanted && !this.#isOver) {
			const [node] = await targets();
			this.faults[kills]++;
			node!.kill(0);
			await this.#waitForRestart(node!);
		}
	}

	/** Arms the nodes; the first that reaches the point is hit. */
	async #inject(targets: () => Promise<ChaosNode[]>, injection: Injection): Promise<boolean> {
		let hit: ChaosNode | undefined;
		// Repeated: a node that has just been started does not listen yet, and another one may have the role by then.
		for (const end = performance.now() + hitTimeoutMs; !hit && performance.now() < end;) {
			const nodes = await targets();
			const armed = nodes.map(async node => {
				await (
					await this.#failpoints.arm(node, { ...injection, ms: 500 })
				).hit;
				return node;
			});
			hit = await Promise.race([...armed, sleep(rearmMs, undefined)]);
			const others = nodes.filter(node => node !== hit);
			await Promise.all(others.map(node => this.#failpoints.disarm(node)));
		}
		if (hit && injection.mode === "stop") await this.#failpoints.settled(hit);
		if (hit && injection.mode === "kill") await this.#waitForRestart(hit);
		return hit !== undefined;
	}

	/** It reports the hit a moment before the process is seen to end. */
	async #waitForRestart(node: ChaosNode): Promise<void> {
		await sleep(100);
		await poll(() => node.ready, { everyMs: 50, isStopping: () => this.#isOver });
		await sleep(betweenMs);
	}

	async #relayHolder(): Promise<ChaosNode[]> {
		for (;;) {
			const found = await relayHolder(this.#cluster);
			if (found?.ready || this.#isOver) return [found ?? this.#cluster.node("order-1")];
			await sleep(50);
		}
	}

	/** Down three times, once for long. */
	async #disruptBroker(): Promise<void> {
		const kafka = this.#cluster.servers.kafka!;
		await sleep(brokerFaultsAfterMs);
		for (; this.faults.brokerKills < this.#options.brokerKills; this.faults.brokerKills++) {
			await sleep(10_000);
			await kafka.kill(downMs);
		}
		await sleep(10_000);
		await kafka.pause(this.#options.pauseMs);
		this.faults.brokerPauses++;
	}

	/** A member that is paused for so long that its group continues without it, and then resumes. */
	async #pauseMember(): Promise<void> {
		const node = this.#cluster.node("analytics-2");
		node.halt();
		await sleep(pausedMs);
		node.resume();
		this.faults.rebalances++;
	}

	/** Members that join a group and leave it. One that finds no broker does not count. */
	async #joinForeignMembers(): Promise<void> {
		const { brokers } = this.#cluster.servers.kafka!;
		while (this.faults.rebalances < this.#options.rebalances && !this.#isOver) {
			const group = this.faults.rebalances % 2 ? "analytics" : "notification";
			if (await joinAsForeignMember(brokers, group).catch(() => false)) this.faults.rebalances++;
			await sleep(betweenMs);
		}
	}
}

/** Joins, does nothing with its partitions, and leaves. Returns whether it got any. */
async function joinAsForeignMember(brokers: string, group: string): Promise<boolean> {
	const driver = new KafkaDriver({ brokers: [brokers] });
	const { promise: assigned, resolve } = Promise.withResolvers<true>();
	const subscription = await driver.subscribe({
		group,
		topics: [topics.orders],
		position: async () => 0n,
		onBatch: async ({ messages }) => {
			await sleep(100);
			return messages[0]!.offset;
		},
		onError: () => undefined,
		onAssigned: partitions => partitions.length > 0 && resolve(true)
	});
	const isMember = await Promise.race([assigned, sleep(4 * foreignMemberMs, false)]);
	await sleep(foreignMemberMs);
	await subscription.stop();
	await driver.close();
	return isMember;
}
