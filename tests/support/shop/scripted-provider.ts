import type {
	ChargeRequest,
	ListedRefund,
	Outcome,
	PaymentProvider,
	RefundOutcome,
	RefundRequest
} from "../../../services/payment/provider/provider.ts";

const method = { brand: "visa", last4: "4242" };

export const succeeded = (ref = "ch_1"): Outcome => ({ status: "succeeded", ref, method });
export const failed = (code: string, ref = "ch_1"): Outcome => ({
	status: "failed",
	ref,
	code,
	method
});
export const challenged: Outcome = {
	status: "action_required",
	ref: "ch_1",
	url: "https://bank.example/challenge"
};

/** A provider that is scripted by a test. */
export class ScriptedProvider implements PaymentProvider {
	maxProcessingMs = 10_000;
	/** What a lookup by key returns; it knows no other keys. */
	readonly known = new Map<string, Outcome>();
	readonly knownRefunds = new Map<string, RefundOutcome>();
	/** Keys in the order of their arrival. */
	readonly charged: string[] = [];
	readonly refunded: string[] = [];
	readonly abandoned: string[] = [];

	/** What happens to a charge that arrives. */
	onCharge: (request: ChargeRequest) => Promise<Outcome> = () => Promise.resolve(succeeded());
	onRefund: (request: RefundRequest) => Promise<RefundOutcome> = () =>
		Promise.resolve({ status: "succeeded", ref: "re_1" });
	onAbandon: () => Outcome = () => failed("canceled");
	/** Runs while a charge is being looked up. */
	onRetrieve: () => Promise<void> = () => Promise.resolve();

	async charge(request: ChargeRequest): Promise<Outcome> {
		this.charged.push(request.key);
		const outcome = await this.onCharge(request);
		this.known.set(request.key, outcome);
		return outcome;
	}

	async retrieve(key: string): Promise<Outcome | undefined> {
		const found = this.known.get(key);
		await this.onRetrieve();
		return found;
	}

	async abandon(key: string): Promise<Outcome> {
		this.abandoned.push(key);
		const outcome = this.onAbandon();
		this.known.set(key, outcome);
		return outcome;
	}

	async refund(request: RefundRequest): Promise<RefundOutcome> {
		this.refunded.push(request.key);
		const outcome = await this.onRefund(request);
		this.knownRefunds.set(request.key, outcome);
		return outcome;
	}

	/** Those of all charges, since all have one reference. */
	refundsOf(): Promise<ListedRefund[]> {
		const amount = { amount: 1, currency: "USD" };
		const listed = [...this.knownRefunds].map(([key, outcome]) => {
			return { key, ref: `re_${key}`, amount, outcome };
		});
		return Promise.resolve(listed);
	}

	disputesOf() {
		return Promise.resolve([]);
	}

	event(): undefined {}
	async *statement() {}
	async close() {}
}
