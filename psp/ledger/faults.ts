import { oneOf, strictObject, T, type Static } from "../../lib/schema.ts";
import { longestHangMs, type InjectedFault } from "./payment-methods.ts";

const share = T.Number({ minimum: 0, maximum: 1 });
const ms = T.Integer({ minimum: 0, maximum: 120_000 });
const on = T.Optional(T.Boolean());

/** The fault settings. */
export const FaultConfig = strictObject({
	/** Share of the API's calls that get a fault, of one of the enabled kinds. */
	rate: T.Optional(share),
	kinds: T.Optional(
		strictObject({
			/** Charges only: the bank declines. */
			decline: on,
			hang_ms: T.Optional(T.Integer({ minimum: 0, maximum: longestHangMs })),
			drop_before: on,
			drop_after_commit: on,
			error_after_commit: on,
			rate_limit: on,
			unavailable: on
		})
	),
	webhooks: T.Optional(
		strictObject({
			/** Share of events that get a fault, of one of the enabled kinds. */
			rate: T.Optional(share),
			kinds: T.Optional(T.Array(oneOf(["duplicate", "late", "reorder"]))),
			late_ms: T.Optional(ms)
		})
	),
	/** The same seed draws the same faults for the same calls in the same order. */
	seed: T.Optional(T.Integer({ minimum: 0, maximum: 0xffff_ffff }))
});
export type FaultConfig = Static<typeof FaultConfig>;

export type CallKind = "charge" | "refund" | "cancel" | "read";

const readKinds = ["hang_ms", "drop_before", "rate_limit", "unavailable"];

/** When (ms from now) an event is sent: once or more. */
export type Sendings = readonly number[];

/** Draws the faults, and counts them. */
export class FaultInjector {
	#config: FaultConfig = {};
	#random = mulberry32(0);
	readonly counts: Record<string, number> = {};

	get config(): FaultConfig {
		return this.#config;
	}

	set(config: FaultConfig): void {
		this.#config = config;
		this.#random = mulberry32(config.seed ?? 0);
	}

	draw(call: CallKind): InjectedFault {
		const { rate = 0, kinds = {} } = this.#config;
		const hits = this.#random() < rate;
		const choice = this.#random();
		const possible = Object.entries(kinds)
			.filter(([name, value]) => value && isFor(call, name))
			.map(([name]) => name);
		const name = possible[Math.floor(choice * possible.length)];
		if (!hits || !name) return {};
		this.#count(name);
		return faultOf(name, kinds.hang_ms ?? 0);
	}

	drawSendings(): Sendings {
		const { rate = 0, kinds = [], late_ms = 10_000 } = this.#config.webhooks ?? {};
		const hits = this.#random() < rate;
		const kind = kinds[Math.floor(this.#random() * kinds.length)];
		if (!hits || !kind) return [0];
		this.#count(kind);
		if (kind === "late") return [late_ms];
		// Long enough for later events to be sent first.
		return kind === "reorder" ? [100 + Math.floor(this.#random() * 900)] : [0, 20];
	}

	#count(name: string): void {
		this.counts[name] = (this.counts[name] ?? 0) + 1;
	}
}

function isFor(call: CallKind, name: string): boolean {
	if (name === "decline") return call === "charge";
	return call !== "read" || readKinds.includes(name);
}

function faultOf(name: string, hangMs: number): InjectedFault {
	const faults: Record<string, InjectedFault> = {
		decline: { decline: true },
		hang_ms: { hangMs },
		drop_before: { refuse: "drop" },
		drop_after_commit: { after: "drop" },
		error_after_commit: { after: "error" },
		rate_limit: { refuse: "rate_limit" },
		unavailable: { refuse: "unavailable" }
	};
	return faults[name]!;
}

/** Tommy Ettinger's 32-bit generator: small, seedable, even enough for drawing faults. */
function mulberry32(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}
