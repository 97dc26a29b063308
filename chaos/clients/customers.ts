import { setTimeout as sleep } from "node:timers/promises";
import { settledStatuses } from "../../contracts/order-status.ts";
import { payableStep } from "../../lib/currency/payable.ts";
import type { Money } from "../../lib/money.ts";
import { derivedId } from "../../lib/id.ts";
import { sha, type Entry, type History } from "../evidence/client-history.ts";
import { hoard, staff, type OrderPlan } from "./order-plan.ts";
import { deliveryAddress } from "../../workload/address.ts";

/** How long a customer waits for a response before the next attempt. */
const requestTimeoutMs = 2500;

const parcel = { carrier: "UPS", tracking_number: "1Z" };

/** Attempts at the five steps together. */
const maxSteps = 25;

/** Refusals that say that nothing was done and that retrying is useless. */
const isDefinite = (status: number, code = "") =>
	status >= 400 &&
	status < 500 &&
	![408, 425, 429].includes(status) &&
	code !== "idempotency-key-in-use";

export interface ClientOptions {
	history: History;
	/** Where the shop is now. */
	url(): string;
	tokenOf(user: string): string;
	/** Refunds at the provider's dashboard, in minor units. Once: it has no idempotency key. */
	refundElsewhere(paymentId: string, amount: Money): Promise<void>;
}

/** A part of an amount that can be paid in the currency. */
function partOf(total: number, percent: number, currency: string): number {
	const step = payableStep(currency);
	return Math.floor((total * percent) / 100 / step) * step;
}

/** Customers that record each request, and retry until there is a definite outcome. */
export class Customers {
	readonly #options: ClientOptions;
	/** Sent so far. */
	#requests = 0;

	constructor(options: ClientOptions) {
		this.#options = options;
	}

	/** Sends the plan's request as often as the plan says. Returns the first definite outcome. */
	place(plan: OrderPlan, attempts: number): Promise<Entry | undefined> {
		return repeat(plan, attempts, () => this.#placeOnce(plan));
	}

	/** Cancels the order, with two concurrent requests. */
	cancel({ n, user }: OrderPlan, order_id: string): Promise<Entry[]> {
		const once = () => this.#cancelOnce({ op: "cancel", n, user, order_id, key: `cancel-${n}` });
		return Promise.all([once(), once()]);
	}

	/**
	 * Uses the key of the order for another order, a cancellation and a return, and one key for two cancellations at
	 * once: a shop refuses all but the first request under a key.
	 */
	async reuseKeys(plan: OrderPlan, order_id: string): Promise<void> {
		const { n, user, items } = plan;
		const used = `order-${n}`;
		const other = { ...plan, items: [{ ...items[0]!, quantity: items[0]!.quantity + 1 }] };
		const cancel = (id: string, key: string) =>
			this.#cancelOnce({ op: "cancel", n, user, order_id: id, key });
		await Promise.all([
			this.#placeOnce(other, used),
			cancel(order_id, used),
			this.#requestReturn(plan, order_id, used)
		]);
		const second = await this.#placeOnce(plan, `second-${n}`);
		if (!second.order_id) return;
		await Promise.all([cancel(order_id, `either-${n}`), cancel(second.order_id, `either-${n}`)]);
		await cancel(second.order_id, `either-${n}`);
		const refund = (id: string) =>
			this.#refundOnce(
				{ op: "refund", n, user: staff, key: `either-${n}`, order_id: id },
				plan,
				payableStep(plan.currency)
			);
		await Promise.all([refund(order_id), refund(second.order_id)]);
		await this.#sendAsStaff(plan, "ship", second.order_id, parcel, { key: `either-${n}` });
	}

	/** Places orders that together are more than the customer's share of the product, at once, and pays for none. */
	async hoard(plan: OrderPlan, product_id: string): Promise<void> {
		const { orders, quantity, payment_method } = hoard;
		const one = { ...plan, items: [{ product_id, quantity }], payment_method };
		const place = (_: unknown, index: number) => this.#placeOnce(one, `hoard-${plan.n}-${index}`);
		await Promise.all(Array.from({ length: orders }, place));
	}

	getOrder({ n, user }: OrderPlan, order_id: string): Promise<Entry> {
		return this.#send({ op: "get", n, user, order_id }, "GET", `/api/v1/orders/${order_id}`);
	}

	/**
	 * Ships and delivers the order, returns all of it and approves the return, from whichever step is next.
	 * Returns whether the return was completed, or cannot be.
	 */
	async returnOrder(plan: OrderPlan, order_id: string): Promise<boolean> {
		const requestReturn = () => this.#requestReturn(plan, order_id);
		const next: Record<string, () => Promise<unknown>> = {
			confirmed: () => this.#sendAsStaff(plan, "ship", order_id, parcel),
			shipped: () => this.#sendAsStaff(plan, "deliver", order_id),
			delivered: requestReturn,
			// The same request again: its response names the return.
			return_requested: async () => {
				const { return_id } = await requestReturn();
				if (return_id) await this.#sendAsStaff(plan, "approve", order_id, undefined, { return_id });
			}
		};
		for (let steps = 0; steps < maxSteps; steps++) {
			const { order_status: orderStatus } = await this.getOrder(plan, order_id);
			if (orderStatus && settledStatuses.has(orderStatus) && !next[orderStatus]) return true;
			await (next[orderStatus ?? ""]?.() ?? sleep(200));
		}
		return false;
	}

	/** Makes the plan's refunds as staff, concurrently. Returns whether each has a definite outcome. */
	async refund(
		plan: OrderPlan,
		{ order_id = "", total = 0 }: Entry,
		attempts: number
	): Promise<boolean> {
		const outcomes = plan.refunds.map((percent, index) => {
			const key = `refund-${plan.n}-${index}`;
			const request = { op: "refund", n: plan.n, user: staff, key, order_id } as const;
			const amount = partOf(total, percent, plan.currency);
			return repeat(plan, attempts, () => this.#refundOnce(request, plan, amount));
		});
		return (await Promise.all(outcomes)).every(outcome => outcome !== undefined);
	}

	/** Staff refund the plan's part at the provider's dashboard, if there is a payment. */
	async refundElsewhere(
		{ refundedElsewhere, currency }: OrderPlan,
		{ order_id, total = 0 }: Entry
	): Promise<void> {
		const amount = partOf(total, refundedElsewhere, currency);
		if (!order_id || amount === 0) return;
		await this.#options.refundElsewhere(derivedId(order_id, "charge"), { amount, currency });
	}

	#cancelOnce(request: Pick<Entry, "op" | "n" | "user" | "key"> & { order_id: string }) {
		const path = `/api/v1/orders/${request.order_id}/cancel`;
		return this.#send(request, "POST", path, { reason: "changed my mind" });
	}

	/** @param minor in minor units */
	#refundOnce(
		request: Pick<Entry, "op" | "n" | "user" | "key"> & { order_id: string },
		{ currency }: OrderPlan,
		minor: number
	): Promise<Entry> {
		const path = `/api/v1/payments/${derivedId(request.order_id, "charge")}/refund`;
		const body = { amount: { amount: minor, currency }, reason: "damaged" };
		return this.#send(request, "POST", path, body);
	}

	#requestReturn(
		{ n, user, items }: OrderPlan,
		order_id: string,
		key = `return-${n}`
	): Promise<Entry> {
		const request = { op: "return", n, user, order_id, key } as const;
		const body = { items, reason: "too small" };
		return this.#send(request, "POST", `/api/v1/orders/${order_id}/returns`, body);
	}

	#sendAsStaff(
		{ n }: OrderPlan,
		op: "ship" | "deliver" | "approve",
		order_id: string,
		body?: object,
		{ return_id, key = `${op}-${n}` }: { return_id?: string; key?: string } = {}
	): Promise<Entry> {
		const path = return_id ? `returns/${return_id}` : `orders/${order_id}`;
		const request = { op, n, user: staff, order_id, key };
		return this.#send(request, "POST", `/api/v1/${path}/${op}`, body);
	}

	/** Polls until the order has settled or `giveUpMs` are over. Returns its status. */
	async pollUntilSettled(plan: OrderPlan, orderId: string, timeoutMs: number): Promise<Entry> {
		const end = performance.now() + timeoutMs;
		for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
			const order = await this.getOrder(plan, orderId);
			if (settledStatuses.has(order.order_status ?? "") || performance.now() > end) return order;
			await sleep(pauseMs);
		}
	}

	#placeOnce(plan: OrderPlan, key = `order-${plan.n}`): Promise<Entry> {
		const { n, user, items, payment_method, attempts: times } = plan;
		const body = { items, shipping_address: deliveryAddress, payment_method };
		// With and without, where the request is repeated; who waits can do nothing while the order's node is frozen.
		const waits = times > 1 && Math.random() < 0.5;
		return this.#send({ op: "place", n, user, key }, "POST", "/api/v1/orders", body, waits);
	}

	async #send(
		request: Pick<Entry, "op" | "n" | "user" | "key" | "order_id">,
		method: string,
		path: string,
		body?: object,
		waits = false
	): Promise<Entry> {
		const { history } = this.#options;
		const meaning = sha(JSON.stringify([method, path, body]));
		const invoke: Entry = { at: Date.now(), phase: "invoke", ...request, ...(body && { body }) };
		await history.write(invoke);
		// Every second time with the members of all objects in reverse, as a client may whose maps have no order.
		const sent = this.#requests++ % 2 === 0 ? body : reversed(body);
		const answer = await this.#fetch(request, method, path, sent, waits);
		const entry: Entry = { at: Date.now(), request: meaning, ...request, ...answer };
		await history.write(entry);
		return entry;
	}

	async #fetch(
		request: Pick<Entry, "op" | "user" | "key">,
		method: string,
		path: string,
		body: unknown,
		waits: boolean
	): Promise<Pick<Entry, "phase"> & Partial<Entry>> {
		const { user, key } = request;
		try {
			const response = await fetch(this.#options.url() + path, {
				method,
				headers: {
					authorization: `Bearer ${this.#options.tokenOf(user)}`,
					...(key && { "idempotency-key": key }),
					...(waits && { prefer: "wait=1" }),
					...(body ? { "content-type": "application/json" } : {})
				},
				body: body ? JSON.stringify(body) : undefined,
				signal: AbortSignal.timeout(requestTimeoutMs)
			});
			const replayed = response.headers.has("idempotent-replayed");
			return { ...parseResponse(request, response.status, await response.text()), replayed };
		} catch (error) {
			const { cause, name } = error as Error & { cause?: { code?: string } };
			return { phase: "unknown", code: cause?.code ?? name };
		}
	}
}

/** The same value with the members of each object in reverse. */
function reversed(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(reversed);
	if (typeof value !== "object" || value === null) return value;
	const members = Object.entries(value).toReversed();
	return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
}

/** Sends a request several times, at once or one after the other. Returns the first definite outcome. */
async function repeat(
	{ inParallel }: OrderPlan,
	attempts: number,
	once: () => Promise<Entry>
): Promise<Entry | undefined> {
	const outcomes = inParallel ? await Promise.all(Array.from({ length: attempts }, once)) : [];
	while (outcomes.length < attempts) outcomes.push(await once());
	return outcomes.find(({ phase }) => phase !== "unknown");
}

/** Of an order, a return, a payment or a problem. */
interface ResponseBody {
	id?: string;
	status?: string;
	code?: string;
	totals?: { total: { amount: number } };
	refunds?: { status: string; amount: { amount: number } }[];
}

/** What a payment says is certainly refunded. A pending refund may still give way to one that was made elsewhere. */
const confirmedRefunds = ({ refunds = [] }: ResponseBody): number =>
	refunds
		.filter(({ status }) => status === "succeeded")
		.reduce((total, { amount }) => total + amount.amount, 0);

function parseResponse(
	{ op }: Pick<Entry, "op">,
	http: number,
	text: string
): Pick<Entry, "phase"> & Partial<Entry> {
	const body = JSON.parse(text) as ResponseBody;
	const { id, status: orderStatus, code, totals } = body;
	if (http < 300) {
		const answer = { phase: "ok", http, sha: sha(text) } as const;
		if (op === "refund") return { ...answer, refunded: confirmedRefunds(body) };
		return op === "return" || op === "approve"
			? { ...answer, return_id: id }
			: { ...answer, order_id: id, order_status: orderStatus, total: totals?.total.amount };
	}
	return { phase: isDefinite(http, code) ? "fail" : "unknown", http, code };
}
