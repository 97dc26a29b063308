import type { Engine } from "./engine.ts";
import type { Faults } from "./faults.ts";
import type { Form } from "./form.ts";
import type { Idempotency } from "./idempotency.ts";
import type { ChargeLine } from "./lines.ts";
import type { Trouble } from "./methods.ts";

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

/** One request of the API, read. */
export interface Call {
	method: string;
	path: string;
	/** The variable part of the path, e.g. the id. */
	id: string;
	form: Form;
	idempotencyKey: string | null;
	fingerprint: string;
	requestId: string;
	/** What the dial drew for it. */
	fault: Trouble;
}

/** `lost`: everything was done, and the connection ends in the middle of the answer. */
export interface Reply {
	status: number;
	body: unknown;
	headers?: Record<string, string>;
	lost?: boolean;
}
