import type { Engine } from "../ledger/engine.ts";
import type { FaultInjector } from "../ledger/faults.ts";
import type { ChargeLine } from "../ledger/lines.ts";
import type { Idempotency } from "./idempotency-keys.ts";

/** A charge that the card's bank has not answered yet. */
export type PendingCharge = Pick<ChargeLine, "ref" | "amount" | "currency" | "metadata">;

/** What the API's operations work with. */
export interface ApiContext {
	engine: Engine;
	faults: FaultInjector;
	idempotency: Idempotency;
	/** Charges that hang, by their refs: known, and not decided. They end with the process. */
	pending: Map<string, PendingCharge>;
	/** Of this server, for the pages it links to. */
	origin(): string;
}
