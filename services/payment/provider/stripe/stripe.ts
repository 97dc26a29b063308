import Stripe from "stripe";
import { signedEvent } from "../signed-event.ts";
import { limitedConnections } from "./connect-limit.ts";
import type {
	ChargeRequest,
	Dispute,
	ListedRefund,
	Outcome,
	PaymentProvider,
	ProviderEvent,
	RefundOutcome,
	RefundRequest,
	StatementLine
} from "../provider.ts";
import { toStripe } from "../amount-mapping.ts";
import {
	declined,
	inexpressible,
	refundRefused,
	thrown,
	unexpectedState
} from "./error-mapping.ts";
import {
	disputeOf,
	listedRefundOf,
	outcomeOf,
	refundOutcomeOf,
	statementLineOf
} from "./object-mapping.ts";

export interface StripeOptions {
	/** URL of Stripe's API, or of a compatible one. */
	apiUrl: string;
	secretKey: string;
	webhookSecret: string | undefined;
	/** URL to which the bank's page redirects. */
	returnUrl: string;
	/** Longest wait (ms) for one response. */
	timeoutMs?: number;
}

const marginMs = 1000;

/** Usually under a minute, longer in an outage (docs.stripe.com/search#data-freshness). */
const searchLagMs = 300_000;

const isStripe = (host: string) => host.endsWith(".stripe.com");

const expand = ["latest_charge"];

/** Stripe's maximum page size. */
const perPage = 100;

/**
 * Charges by Stripe's PaymentIntents. The key of a charge is its idempotency key there, and is in its
 * metadata, so that it can be searched if the response was lost.
 */
export class StripeProvider implements PaymentProvider {
	/**
	 * Two response timeouts, because the SDK repeats a request once if its connection was closed, plus the delay of
	 * Stripe's search. A charge that is delayed at the provider itself is found as `processing`.
	 */
	readonly maxProcessingMs: number;
	readonly #stripe: Stripe;
	readonly #options: StripeOptions;

	constructor(options: StripeOptions) {
		const { protocol: scheme, hostname, port } = new URL(options.apiUrl);
		const protocol = scheme === "http:" ? "http" : "https";
		const timeout = options.timeoutMs ?? 7000;
		this.maxProcessingMs = 2 * timeout + (isStripe(hostname) ? searchLagMs : marginMs);
		this.#options = options;
		this.#stripe = new Stripe(options.secretKey, {
			protocol,
			host: hostname,
			port: port || (protocol === "http" ? 80 : 443),
			timeout,
			httpAgent: limitedConnections(protocol),
			// We retry ourselves, after a lookup.
			maxNetworkRetries: 0,
			telemetry: false
		});
	}

	async charge({ key, order_id, amount, payment_method }: ChargeRequest): Promise<Outcome> {
		const units = toStripe(amount);
		if (units === undefined) return inexpressible;
		const intent = this.#stripe.paymentIntents.create(
			{
				amount: units,
				currency: amount.currency.toLowerCase(),
				confirm: true,
				payment_method,
				return_url: this.#options.returnUrl,
				metadata: { payment_id: key, order_id },
				expand
			},
			{ idempotencyKey: key }
		);
		return intent.then(outcomeOf).catch(error => declined(error) ?? thrown(error, key));
	}

	async retrieve(key: string, ref?: string | null): Promise<Outcome | undefined> {
		const intent = await this.#find(key, ref).catch(error => thrown(error, key));
		if (intent?.status !== "requires_payment_method") return intent && outcomeOf(intent);
		// The customer could try another card at the bank's page; after the cancellation they cannot, so failed is final.
		return this.abandon(key, intent.id);
	}

	async abandon(key: string, ref: string): Promise<Outcome> {
		const { paymentIntents } = this.#stripe;
		const intent = await paymentIntents
			.cancel(ref, { expand })
			.catch(error =>
				unexpectedState(error) ? paymentIntents.retrieve(ref, { expand }) : Promise.reject(error)
			)
			.catch(error => thrown(error, key));
		return outcomeOf(intent);
	}

	async refund(request: RefundRequest): Promise<RefundOutcome> {
		const { key, payment_id, charge_ref, amount, reason } = request;
		const units = toStripe(amount);
		if (units === undefined) return inexpressible;
		const refund = this.#stripe.refunds.create(
			{
				payment_intent: charge_ref,
				amount: units,
				reason: "requested_by_customer",
				metadata: { payment_id, refund_id: key, reason }
			},
			{ idempotencyKey: key }
		);
		return refund.then(refundOutcomeOf).catch(error => refundRefused(error) ?? thrown(error, key));
	}

	refundsOf(chargeRef: string): Promise<ListedRefund[]> {
		return all(
			this.#stripe.refunds.list({ payment_intent: chargeRef, limit: perPage }),
			listedRefundOf
		);
	}

	disputesOf(chargeRef: string): Promise<Dispute[]> {
		return all(
			this.#stripe.disputes.list({ payment_intent: chargeRef, limit: perPage }),
			disputeOf
		);
	}

	event(rawBody: Buffer, signature: string | undefined): ProviderEvent | undefined {
		return signedEvent(rawBody, signature, this.#options.webhookSecret);
	}

	async *statement(since: Date): AsyncIterable<StatementLine> {
		const created = { gte: Math.floor(since.getTime() / 1000) };
		const page = { created, limit: perPage, expand: ["data.latest_charge"] };
		try {
			for await (const intent of this.#stripe.paymentIntents.list(page))
				yield statementLineOf(intent);
		} catch (error) {
			thrown(error, "statement");
		}
	}

	async close(): Promise<void> {
		// Node's agent keeps its connections, which does not keep the process running.
	}

	async #find(key: string, ref?: string | null): Promise<Stripe.PaymentIntent | undefined> {
		const { paymentIntents } = this.#stripe;
		if (ref) return paymentIntents.retrieve(ref, { expand });
		const query = `metadata['payment_id']:'${key}'`;
		const { data } = await paymentIntents.search({ query, expand: ["data.latest_charge"] });
		// There are two only if Stripe had deleted the key: the charged one counts.
		return data.find(({ status }) => status === "succeeded") ?? data[0];
	}
}

/** All objects of a list, over all its pages. */
async function all<O, R>(list: AsyncIterable<O>, toResult: (object: O) => R): Promise<R[]> {
	const found: R[] = [];
	try {
		for await (const object of list) found.push(toResult(object));
	} catch (error) {
		thrown(error, "list");
	}
	return found;
}
