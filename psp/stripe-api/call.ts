import type { InjectedFault } from "../ledger/payment-methods.ts";
import type { Form } from "./form.ts";

/** A parsed request of the API. */
export interface Call {
	method: string;
	path: string;
	/** The variable part of the path, e.g. the id. */
	id: string;
	form: Form;
	idempotencyKey: string | null;
	fingerprint: string;
	requestId: string;
	/** The fault that was drawn for it. */
	fault: InjectedFault;
}
