import type { Engine } from "../ledger/engine.ts";
import type { Faults } from "../ledger/faults.ts";
import type { ChargeLine } from "../ledger/lines.ts";
import type { Idempotency } from "./idempotency-keys.ts";

/** A charge that the card's bank has not answered yet. */
export type Undecided = Pick<ChargeLine, "ref" | "amount" | "currency" | "metadata">;

/** What the API's operations work with. */
export interface Desk {
	engine: Engine;
	faults: Faults;
	idempotency: Idempotency;
	/** Charges that hang, by their refs: known, and not decided. They end with the process. */
	undecided: Map<string, Undecided>;
	/** Of this server, for the pages it links to. */
	origin(): string;
}
