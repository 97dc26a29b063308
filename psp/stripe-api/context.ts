import type { Engine } from "../ledger/engine.ts";
import type { FaultInjector } from "../ledger/faults.ts";
import type { ChargeLine } from "../ledger/lines.ts";
import type { Idempotency } from "./idempotency-keys.ts";

/** A charge that is delayed and not decided yet. */
export type PendingCharge = Pick<ChargeLine, "ref" | "amount" | "currency" | "metadata">;

/** What the API's operations use. */
export interface ApiContext {
	engine: Engine;
	faults: FaultInjector;
	idempotency: Idempotency;
	/** Delayed charges by ref: known, and not decided. They are lost with the process. */
	pending: Map<string, PendingCharge>;
	/** URL of this server, for links to its pages. */
	origin(): string;
}
