import type { InjectedFault } from "../ledger/payment-methods.ts";
import type { Form } from "./form.ts";

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
	fault: InjectedFault;
}
