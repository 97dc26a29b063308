import { setTimeout as sleep } from "node:timers/promises";
import type { Failpoint } from "../../lib/failpoint.ts";
import type { OrderKind } from "../clients/order-kinds.ts";
import type { ScenarioRunner } from "../run/scenario-runner.ts";
import { poll } from "../../lib/retry.ts";
import { relayHolder } from "../cluster/relay-holder.ts";
import { emittedWithinMs } from "../evidence/event-stream.ts";

/** A short sequence of orders and faults in which a certain mistake shows. */
export interface ChaosScenario {
	run(runner: ScenarioRunner): Promise<unknown>;
}

const inParallel = <V>(count: number, one: (index: number) => Promise<V>) =>
	Promise.all(Array.from({ length: count }, (_, index) => one(index)));

const runOrders = (runner: ScenarioRunner, count: number, kind: OrderKind) =>
	inParallel(count, () => runner.scriptedOrders.run(kind));

/**
 * Stops an order's node at a failpoint until other nodes have cancelled the order; then the node
 * continues with its stale state.
 */
async function cancelWhileFrozenAt(
	runner: ScenarioRunner,
	point: "order.reserve.before_call" | "order.charge.before_call"
) {
	const { scriptedOrders, failpoints, cluster } = runner;
	const node = cluster.node("order-1");
	const placeOrder = () => scriptedOrders.place("bought");
	const { started } = await runner.runUntilHit(node, [{ point, mode: "stop" }], placeOrder);
	await Promise.all(started.map(async order => scriptedOrders.cancel(await order)));
	await failpoints.settled(node);
}

/** Kills nodes of some services one after the other, each so many ms after some orders were placed. */
async function killNodesUnderLoad(
	runner: ScenarioRunner,
	services: readonly string[],
	rounds: number,
	afterMs = 400
) {
	const nodes = runner.cluster.nodes.filter(({ service }) => services.includes(service));
	const purchases: Promise<unknown>[] = [];
	for (let n = 0; n < rounds; n++)
		for (const node of nodes) {
			while (!node.ready) await sleep(50);
			purchases.push(runOrders(runner, 4, "bought"));
			await sleep(afterMs);
			node.kill(0);
		}
	await Promise.all(purchases);
}

/** Longer than orders and consumers are waited for. */
const longerThanChecksMs = 300_000;

/** Until the current minute is over and its window was emitted. */
const windowEmitted = () => sleep(60_000 - (Date.now() % 60_000) + emittedWithinMs);

export const scenarios = {
	/** More customers than units, all at once, three times. */
	concurrent_purchases: {
		async run(runner) {
			for (let n = 0; n < 3; n++) await runOrders(runner, 40, "scarce");
		}
	},
	late_reservation: { run: runner => cancelWhileFrozenAt(runner, "order.reserve.before_call") },
	late_charge: { run: runner => cancelWhileFrozenAt(runner, "order.charge.before_call") },
	/** Longer than the slow card takes (3 s), regardless of the order's status by then. */
	slow_payment: { run: runner => Promise.all([runOrders(runner, 4, "slow"), sleep(5000)]) },
	purchases: { run: runner => runOrders(runner, 4, "bought") },
	lost_replies: {
		run: runner =>
			Promise.all([
				runOrders(runner, 4, "charge_reply_lost"),
				runOrders(runner, 4, "refund_reply_lost")
			])
	},
	failed_commit: {
		async run(runner) {
			await runner.armAll("order", {
				point: "order.create.before_commit",
				mode: "throw",
				count: 2
			});
			await runOrders(runner, 6, "bought");
		}
	},
	/** Refunds and disputes that no cancellation or return asks for, and refunds that come back. */
	payment_changes: {
		run: runner =>
			Promise.all([
				runOrders(runner, 4, "refunded"),
				runOrders(runner, 4, "refunded_elsewhere"),
				runOrders(runner, 4, "refund_came_back"),
				runOrders(runner, 4, "disputed")
			])
	},
	other_currencies: { run: runner => runOrders(runner, 6, "abroad") },
	refunds: { run: runner => runOrders(runner, 4, "refunded") },
	/** Three times, each longer than the time in which 3-D Secure must be completed (2 s). */
	hoarding: {
		async run(runner) {
			for (let n = 0; n < 3; n++)
				await Promise.all([runOrders(runner, 3, "hoarding"), sleep(3000)]);
		}
	},
	/** A run stalls before it confirms; when it resumes, another run has confirmed, and the order is being refunded. */
	stale_run: {
		async run(runner) {
			const stall = (point: Failpoint, ms: number, count: number) =>
				runner.armAll("order", { point, mode: "delay", ms, count });
			// Longer than a lease (2 s) and the customer's wait, and longer than both.
			await stall("order.commit_stock.after_call", 4000, 1);
			await stall("order.refund_order.before_call", 6000, 8);
			await Promise.all([runOrders(runner, 4, "cancelled_after_confirm"), sleep(12_000)]);
		}
	},
	/** The relay of the events is one of the order's nodes. */
	relay_kills: { run: runner => killNodesUnderLoad(runner, ["order"], 4) },
	consumer_kills: { run: runner => killNodesUnderLoad(runner, ["analytics", "notification"], 4) },
	/** While it sends: an event is there half a second after its order. The receiver fails often, too. */
	webhook_kills: { run: runner => killNodesUnderLoad(runner, ["webhook"], 6, 1500) },
	/** The node that publishes is stopped, and stays so until everything is checked. */
	frozen_relay: {
		async run(runner) {
			await runOrders(runner, 4, "bought");
			const holder = await poll(() => relayHolder(runner.cluster), {
				everyMs: 50,
				withinMs: 20_000
			});
			holder!.halt();
			await runOrders(runner, 4, "bought");
		}
	},
	/** What these nodes have connected to Postgres is silent from now on; what they connect later is not. */
	silent_database: {
		async run(runner) {
			const services = ["order", "product", "payment"];
			const nodes = runner.cluster.nodes.filter(({ service }) => services.includes(service));
			await runOrders(runner, 4, "slow");
			for (let n = 0; n < 4; n++) {
				for (const { wires } of nodes) wires.postgres?.silence();
				await Promise.all([runOrders(runner, 4, "slow"), sleep(1000)]);
			}
		}
	},
	/** Its clock is ten minutes ahead for 5 s, and then steps. */
	kills_with_wrong_clock: {
		async run(runner) {
			const node = runner.cluster.node("order-2");
			// Another scenario may have stopped it.
			node.heal();
			for (let n = 0; n < 4; n++) {
				while (!node.ready) await sleep(50);
				const purchases = runOrders(runner, 6, "slow");
				await sleep(400);
				node.kill(0);
				await purchases;
			}
		}
	},
	/** A migration waits for a session that keeps its table until everything is checked. */
	blocked_migration: {
		async run(runner) {
			const { postgres } = runner.cluster.servers;
			void postgres.blockMigration(longerThanChecksMs, "relay_lease").catch(() => undefined);
			await sleep(1000);
			await runOrders(runner, 4, "bought");
		}
	},
	/** Ids are assigned, and become visible only after events with higher ids are published. */
	slow_commits: {
		async run(runner) {
			const point = "order.create.before_commit";
			await runner.failpoints.arm(runner.cluster.node("order-1"), {
				point,
				mode: "delay",
				ms: 1500,
				count: 4
			});
			for (let n = 0; n < 6; n++) await Promise.all([runOrders(runner, 6, "bought"), sleep(500)]);
		}
	},
	/** Most partitions are empty. */
	idle_partitions: {
		run: async runner => [await runOrders(runner, 4, "bought"), await windowEmitted()]
	},
	same_key: { run: runner => runOrders(runner, 12, "repeated") },
	/** Different requests under one key, at once and later. */
	one_key: { run: runner => runOrders(runner, 6, "one_key") }
} as const satisfies Record<string, ChaosScenario>;

export type ScenarioName = keyof typeof scenarios;
