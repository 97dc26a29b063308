import { setTimeout as sleep } from "node:timers/promises";
import type { Failpoint } from "../../lib/failpoint.ts";
import type { Kind } from "../clients/order-kinds.ts";
import type { Stage } from "../run/scenario-runner.ts";
import { toldWithinMs } from "../evidence/event-stream.ts";

/** A short play in which a certain mistake would show. */
export interface Scene {
	play(stage: Stage): Promise<unknown>;
}

const times = <V>(count: number, one: (index: number) => Promise<V>) =>
	Promise.all(Array.from({ length: count }, (_, index) => one(index)));

const many = (stage: Stage, count: number, kind: Kind) =>
	times(count, () => stage.errands.run(kind));

/**
 * Freezes an order's node at a point until others have called the order off in its place; then it
 * goes on with what it had in hand.
 */
async function frozenAt(
	stage: Stage,
	point: "order.reserve.before_call" | "order.charge.before_call"
) {
	const { errands, strikes, world } = stage;
	const node = world.node("order-1");
	const act = () => errands.place("bought");
	const { begun } = await stage.provoke(node, { point, mode: "stop" }, act);
	await Promise.all(begun.map(async errand => errands.cancel(await errand)));
	await strikes.settled(node);
}

/** Nodes of some services die, one after the other, each a moment after some orders were placed. */
async function dying(stage: Stage, services: readonly string[], rounds: number) {
	const nodes = stage.world.nodes.filter(({ service }) => services.includes(service));
	const errands: Promise<unknown>[] = [];
	for (let n = 0; n < rounds; n++)
		for (const node of nodes) {
			while (!node.ready) await sleep(50);
			errands.push(many(stage, 4, "bought"));
			await sleep(400);
			node.kill(0);
		}
	await Promise.all(errands);
}

/** Until the minute that runs now is over and was told of. */
const minuteOver = () => sleep(60_000 - (Date.now() % 60_000) + toldWithinMs);

export const scenes = {
	/** More customers than goods, all at once, thrice. */
	rush: {
		async play(stage) {
			for (let n = 0; n < 3; n++) await many(stage, 40, "scarce");
		}
	},
	late_reservation: { play: stage => frozenAt(stage, "order.reserve.before_call") },
	late_charge: { play: stage => frozenAt(stage, "order.charge.before_call") },
	/** Longer than the slow card takes (3 s), whatever the shop says by then. */
	slow_payment: { play: stage => Promise.all([many(stage, 4, "slow"), sleep(5000)]) },
	purchases: { play: stage => many(stage, 4, "bought") },
	lost_answers: {
		play: stage => Promise.all([many(stage, 4, "dropped"), many(stage, 4, "refund_dropped")])
	},
	failed_commit: {
		async play(stage) {
			await stage.everywhere("order", {
				point: "order.create.before_commit",
				mode: "throw",
				count: 2
			});
			await many(stage, 6, "bought");
		}
	},
	refunds: { play: stage => many(stage, 4, "refunded") },
	/** A run stalls before it confirms; when it goes on, another has, and the order is being paid back. */
	stale_run: {
		async play(stage) {
			const stall = (point: Failpoint, ms: number, count: number) =>
				stage.everywhere("order", { point, mode: "delay", ms, count });
			// Longer than a lease (2 s) and the customer's wait, and longer than both.
			await stall("order.commit_stock.after_call", 4000, 1);
			await stall("order.pay_back.before_call", 6000, 8);
			await Promise.all([many(stage, 4, "returned"), sleep(12_000)]);
		}
	},
	/** The relay of the events is one of the order's nodes. */
	relay_deaths: { play: stage => dying(stage, ["order"], 4) },
	consumer_deaths: { play: stage => dying(stage, ["analytics", "notification"], 4) },
	/** Events get their numbers, and become visible only when others with higher ones are published. */
	slow_commits: {
		async play(stage) {
			const point = "order.create.before_commit";
			await stage.strikes.arm(stage.world.node("order-1"), {
				point,
				mode: "delay",
				ms: 1500,
				count: 4
			});
			for (let n = 0; n < 6; n++) await Promise.all([many(stage, 6, "bought"), sleep(500)]);
		}
	},
	/** Most partitions have no event at all. */
	quiet_minute: { play: async stage => [await many(stage, 4, "bought"), await minuteOver()] },
	same_key: { play: stage => many(stage, 6, "repeated") }
} as const satisfies Record<string, Scene>;

export type SceneName = keyof typeof scenes;
