import type { Mode } from "../cluster/proxy.ts";
import { Random } from "../../workload/random.ts";

/** Weights give the frequency of each; a kill is every second fault. */
export const faultKinds = {
	kill: 50,
	halt: 12,
	wire: 14,
	cut: 8,
	terminate: 6,
	nats_restart: 4,
	nats_stall: 3,
	provider_kill: 2,
	postgres_restart: 3,
	silence: 3,
	blocked_migration: 1
} as const;
export type FaultKind = keyof typeof faultKinds;

export interface Target {
	node: string;
	wires: readonly string[];
}

/** One fault, `gapMs` after the previous one. Lasting faults overlap with the next. */
export type Fault = { gapMs: number } & (
	| { kind: "kill"; node: string; downMs: number }
	| { kind: "halt"; node: string; ms: number }
	| { kind: "wire"; node: string; wire: string; mode: Mode; ms: number }
	| { kind: "cut"; node: string; wire: string }
	| { kind: "terminate"; share: number }
	| { kind: "nats_restart" | "postgres_restart" | "provider_kill"; downMs: number }
	| { kind: "nats_stall"; ms: number }
	/** The node's connections to Postgres are silent for ever; those that it makes afterwards work. */
	| { kind: "silence"; node: string; wire: string }
	/** A migration runs while another session keeps its table. */
	| { kind: "blocked_migration"; ms: number }
);

/** Mean 1.5 s: with a restart of some 2 s and two nodes of most services, most of the shop is mostly up. */
const gap = { leastMs: 300, mostMs: 2700 };

function draw(random: Random, kind: FaultKind, targets: readonly Target[]): Fault {
	const gapMs = random.between(gap.leastMs, gap.mostMs);
	const { node, wires } = random.pick(targets);
	switch (kind) {
		case "kill":
			return { gapMs, kind, node, downMs: random.chance(0.5) ? 0 : random.between(200, 3000) };
		case "halt":
			return { gapMs, kind, node, ms: random.between(1000, 4000) };
		case "wire": {
			const modes: Mode[] = ["stall", "reset", "half_open", { delayMs: random.between(20, 300) }];
			const [wire, mode] = [random.pick(wires), random.pick(modes)];
			return { gapMs, kind, node, wire, mode, ms: random.between(300, 4000) };
		}
		case "cut":
			return { gapMs, kind, node, wire: random.pick(wires) };
		case "terminate":
			return { gapMs, kind, share: random.between(2, 10) / 10 };
		case "nats_restart":
		case "provider_kill":
			return { gapMs, kind, downMs: random.between(0, 2000) };
		case "postgres_restart":
			return { gapMs, kind, downMs: random.between(0, 500) };
		case "nats_stall":
			return { gapMs, kind, ms: random.between(1000, 3000) };
		case "silence": {
			const withDatabase = targets.filter(target => target.wires.includes("postgres"));
			return { gapMs, kind, node: random.pick(withDatabase).node, wire: "postgres" };
		}
		case "blocked_migration":
			return { gapMs, kind, ms: random.between(2000, 4000) };
	}
}

/** What the seed decides, in any order. */
function shuffled<V>(random: Random, values: readonly V[]): V[] {
	const left = [...values];
	return values.map(() => left.splice(random.between(0, left.length - 1), 1)[0]!);
}

/**
 * An endless sequence of faults: the same seed, nodes and kinds give the same faults in the same order. At first each kind
 * comes once, so that a short storm has the rare ones too.
 */
export function* schedule(
	seed: number,
	targets: readonly Target[],
	kinds: readonly FaultKind[] = Object.keys(faultKinds) as FaultKind[]
): Generator<Fault, never> {
	const random = new Random(seed);
	const weights = Object.fromEntries(kinds.map(kind => [kind, faultKinds[kind]]));
	for (const kind of shuffled(random, kinds)) yield draw(random, kind, targets);
	for (;;) yield draw(random, random.weighted(weights) as FaultKind, targets);
}
