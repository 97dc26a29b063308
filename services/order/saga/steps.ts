import type { CallingOptions, ServiceBroker } from "moleculer";
import type { OrderSaga } from "../../../contracts/order-saga.ts";
import type { Order } from "../../../contracts/order.ts";
import {
	payment,
	type ChargeOutcome,
	type Payment,
	type RefundState
} from "../../../contracts/payment.ts";
import { product, type LimitedItem, type ReservationState } from "../../../contracts/product.ts";
import type { Database } from "../../../db/database.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { is } from "../../../lib/errors.ts";
import { around, failpoint, type Failpoint } from "../../../lib/failpoint.ts";
import { systemActor } from "../../../lib/identity.ts";
import { firstSampled } from "../../../lib/tracing/traceparent.ts";
import { call, type Result } from "../../../lib/service.ts";
import { refusedBySql } from "../../../lib/database-error.ts";
import { observeConfirmation } from "../order.metrics.ts";
import type { AdvanceOutcome, Answers, Backoff } from "./saga.decisions.ts";
import type { OnTransition, Transition } from "../order.machine.ts";
import { allocateTotal } from "../placement/order.pricing.ts";
import { limitedItems } from "../storage/limited-items.ts";
import { eventData, type EventDetails } from "../storage/order.record.ts";
import type { Returning } from "../returns/return.pricing.ts";
import * as sql from "../storage/order.statements.ts";

/** One order on its way through the saga, with the lease this node holds on it. */
export interface SagaRun {
	order: Order;
	payment_method: string;
	fence: number;
	/** The incarnation of Postgres in which this run started; null while it was unknown. */
	incarnation: string | null;
	/** How often in a row it has slept for `waitsFor`. */
	attempt: number;
	/** What it slept for last. */
	waitsFor: Backoff | null;
	step: OrderSaga["step"];
	cancelRequested: boolean;
	/** Waiting for longer than an order may wait for its stock (10 min). */
	overdue: boolean;
	/** The return, if the step is `return`. */
	returning: Returning | null;
	/** What the order's refund events say that its cancellation has refunded (minor units). */
	refundReported: number;
	/** Of the request that placed the order. */
	traceparent?: string | undefined;
	/** Of the step that it is at, while its trace is recorded. */
	stepTrace?: string | undefined;
	/** What its cancellation has refunded, once it is known (minor units). */
	refundMade?: number;
	/** Why its stock was not reserved, if the customer has too much in unpaid orders. */
	limitedItems?: LimitedItem[];
}

export interface Advance {
	work: SagaRun;
	transition: Transition;
	/** A requested cancellation takes precedence. */
	yields: boolean;
	/** The saga is deleted in the same commit. */
	ends: boolean;
}

export interface Reschedule {
	work: SagaRun;
	delayMs: number;
	waitsFor: Backoff;
	error: string | null;
}

interface AdvanceRow {
	id: string;
	fence: number;
	outcome: AdvanceOutcome;
	version: number;
	updated_at: Date;
}

/** Lines of all orders in one message: limits it to some 350 KiB, NATS accepts 1 MiB. */
const maxLines = 1000;
const weigh = ({ order }: SagaRun) => order.items.length;

/** Sorts results, which come by order id, into the sequence of the requests. */
function inRequestOrder<A extends { order_id: string }>(works: SagaRun[], answers: A[]): A[] {
	const byId = new Map(answers.map(answer => [answer.order_id, answer]));
	return works.map(({ order }) => byId.get(order.id)!);
}

/** A call for many orders is part of one trace at most: of the first order whose trace is recorded. */
function traceOf(...works: SagaRun[]): CallingOptions {
	const traceparent = firstSampled(works.map(({ stepTrace }) => stepTrace));
	return traceparent === undefined ? {} : { meta: { traceparent } };
}

/** @throws all errors of `refund` except a permanent refusal */
async function refundedOrRefused(
	refund: () => Promise<RefundState>
): Promise<RefundState | "refused"> {
	try {
		return await refund();
	} catch (error) {
		if (is(error, "PAYMENT_NOT_REFUNDABLE")) return "refused";
		throw error;
	}
}

/** What the order's own refunds have paid back; staff and the provider may have refunded before. */
function madeForOrder({ refunds }: Payment): number {
	return refunds
		.filter(({ origin, status }) => origin === "order" && status === "succeeded")
		.reduce((total, { amount }) => total + amount.amount, 0);
}

/** The event of a cancellation tells what it refunded, if that is not the total, or what was too much to reserve. */
function detailsOf(
	{ order, returning, refundMade, refundReported, limitedItems: limited_items }: SagaRun,
	{ to, reason }: Transition
): EventDetails {
	if (reason === "reservation_limit") return { limited_items };
	if (to !== "refunded") return { returning };
	const { amount: total, currency } = order.totals.total;
	const amount = (refundMade ?? total) - refundReported;
	if (amount === total) return { returning };
	return { returning, refund: { origin: "order", amount: { amount, currency } } };
}

/** Commit, release and restock are alike: ids in, states out. */
function stockStep(
	points: [Failpoint, Failpoint],
	run: (
		params: { order_ids: string[] },
		options: CallingOptions
	) => Promise<Result<typeof product.actions.commit>>
): Batcher<SagaRun, ReservationState> {
	return new Batcher({
		run: async works => {
			const params = { order_ids: works.map(({ order }) => order.id) };
			const { outcomes } = await around(points, () => run(params, traceOf(...works)));
			return inRequestOrder(works, outcomes).map(({ state }) => state);
		}
	});
}

/**
 * The steps of the saga. Each is one call or statement for all orders that wait at it; a single order is a
 * batch of one and does not wait.
 */
export class SagaSteps {
	readonly #broker: ServiceBroker;
	readonly #db: Database;
	readonly #onTransition: OnTransition;

	constructor(broker: ServiceBroker, db: Database, onTransition: OnTransition) {
		this.#broker = broker;
		this.#db = db;
		this.#onTransition = onTransition;
	}

	readonly #reserve = new Batcher<SagaRun, ReservationState>({
		maxWeight: maxLines,
		weigh,
		run: async works => {
			const orders = works.map(({ order }) => ({
				order_id: order.id,
				user_id: order.user_id,
				lines: order.items.map(({ product_id, quantity }) => ({ product_id, quantity }))
			}));
			const params = { orders, lock: true };
			await failpoint("order.reserve.before_call");
			const { outcomes } = await call(
				this.#broker,
				product.actions.reserve,
				params,
				traceOf(...works)
			);
			await failpoint("order.reserve.after_call");
			return inRequestOrder(works, outcomes).map(({ state, limited_items }, index) => {
				works[index]!.limitedItems = limited_items;
				return state;
			});
		}
	});

	readonly #charge = new Batcher<SagaRun, ChargeOutcome>({
		maxWeight: maxLines,
		weigh,
		run: async works => {
			const charges = works.map(({ order, payment_method }) => ({
				order_id: order.id,
				user_id: order.user_id,
				amount: order.totals.total,
				lines: allocateTotal(order.items, order.totals),
				payment_method
			}));
			await failpoint("order.charge.before_call");
			const { outcomes } = await call(
				this.#broker,
				payment.actions.charge,
				{ charges },
				traceOf(...works)
			);
			await failpoint("order.charge.after_call");
			return inRequestOrder(works, outcomes);
		}
	});

	readonly #commit = stockStep(
		["order.commit_stock.before_call", "order.commit_stock.after_call"],
		(p, options) => call(this.#broker, product.actions.commit, p, options)
	);
	readonly #release = stockStep(
		["order.release.before_call", "order.release.after_call"],
		(p, options) => call(this.#broker, product.actions.release, p, options)
	);
	readonly #restock = stockStep(
		["order.restock.before_call", "order.restock.after_call"],
		(p, options) => call(this.#broker, product.actions.restock, p, options)
	);

	readonly #beginPayment = new Batcher<Advance, AdvanceOutcome>({
		retryAlone: refusedBySql,
		run: batch => this.#advance(batch, values => this.#db.deferred(sql.beginPayments, values))
	});

	readonly #commitTransition = new Batcher<Advance, AdvanceOutcome>({
		retryAlone: refusedBySql,
		run: batch => this.#advance(batch, values => this.#db.query(sql.commitTransitions, values))
	});

	readonly #reschedule = new Batcher<Reschedule, void>({
		retryAlone: refusedBySql,
		run: async batch => {
			const rows = batch.map(({ work, delayMs, waitsFor, error }) => ({
				id: work.order.id,
				fence: work.fence,
				delay_ms: delayMs,
				waits_for: waitsFor,
				error
			}));
			await this.#db.query(sql.rescheduleSagas, sql.sleepRows.values(rows));
			return batch.map(() => undefined);
		}
	});

	async #advance(
		batch: Advance[],
		run: (values: unknown[]) => Promise<AdvanceRow[]>
	): Promise<AdvanceOutcome[]> {
		const asked = batch.map(({ work, transition, yields, ends }) => ({
			id: work.order.id,
			fence: work.fence,
			src: transition.from,
			dst: transition.to,
			reason: transition.reason,
			type: transition.type,
			data: JSON.stringify(eventData(work.order, transition, detailsOf(work, transition))),
			actor: JSON.stringify(systemActor),
			yields,
			ends,
			incarnation: work.incarnation,
			quiet: !transition.published
		}));
		const rows = await run(sql.transitionRows.values(asked));
		const byLease = new Map(rows.map(row => [`${row.id} ${row.fence}`, row]));
		return batch.map(item =>
			this.#apply(item, byLease.get(`${item.work.order.id} ${item.work.fence}`)!)
		);
	}

	/** Updates the order in memory like the one in the table. */
	#apply({ work, transition }: Advance, row: AdvanceRow): AdvanceOutcome {
		if (row.outcome !== "done") return row.outcome;
		const { order } = work;
		order.status = transition.to;
		if (transition.to !== "refunded") order.reason = transition.reason;
		order.version = row.version;
		order.updated_at = row.updated_at.toISOString();
		const { limited_items } = detailsOf(work, transition);
		if (limited_items) order.limited_items = limitedItems(limited_items, order.items);
		this.#onTransition(transition.to);
		if (transition.to === "confirmed") observeConfirmation(this.#broker, order);
		return "done";
	}

	/** Reserves stock, or returns the recorded result. */
	reserve(work: SagaRun): Promise<ReservationState> {
		return this.#reserve.add(work);
	}

	/** Charges, or returns the recorded result. */
	async charge(work: SagaRun): Promise<ChargeOutcome> {
		return this.#attachPayment(work, await this.#charge.add(work));
	}

	/** Looks up how the charge ended, and inserts a tombstone if it was never started. */
	async void(work: SagaRun): Promise<ChargeOutcome> {
		const params = { order_ids: [work.order.id] };
		await failpoint("order.void.before_call");
		const { outcomes } = await call(this.#broker, payment.actions.void, params, traceOf(work));
		await failpoint("order.void.after_call");
		return this.#attachPayment(work, outcomes[0]!);
	}

	/** A voided payment is only a tombstone: it is not shown. */
	#attachPayment({ order }: SagaRun, outcome: ChargeOutcome): ChargeOutcome {
		const { payment_id: id, status, failure_code } = outcome;
		if (status === "absent" || failure_code === "voided") return outcome;
		const { currency } = order.totals.total;
		order.payment = { id, status, refunded: { amount: 0, currency } };
		return outcome;
	}

	commit(work: SagaRun): Promise<ReservationState> {
		return this.#commit.add(work);
	}

	release(work: SagaRun): Promise<ReservationState> {
		return this.#release.add(work);
	}

	restock(work: SagaRun): Promise<ReservationState> {
		return this.#restock.add(work);
	}

	/** Refunds everything, unless the provider refuses. */
	async refundOrder(work: SagaRun): Promise<Answers["refund_order"]> {
		const { order } = work;
		const params = { order_id: order.id, reason: order.reason ?? "requested" };
		return refundedOrRefused(async () => {
			await failpoint("order.refund_order.before_call");
			const action = payment.actions.refundRemaining;
			const { state, payment: paid } = await call(this.#broker, action, params, traceOf(work));
			await failpoint("order.refund_order.after_call");
			order.payment = { id: paid.id, status: paid.status, refunded: paid.refunded };
			work.refundMade = madeForOrder(paid);
			return state;
		});
	}

	/** Refunds the returned lines, unless the provider refuses. */
	async refundReturn(work: SagaRun): Promise<Answers["refund_return"]> {
		const { order, returning } = work;
		const { id, items, reason, decided_by: requested_by } = returning!;
		const { currency } = order.totals.total;
		const lines = items
			.map(({ product_id, amount: { amount } }) => ({ product_id, amount }))
			.filter(({ amount }) => amount > 0);
		const amount = { amount: lines.reduce((sum, line) => sum + line.amount, 0), currency };
		const params = { order_id: order.id, purpose: `return:${id}`, amount, lines };
		returning!.refunded = { amount: 0, currency };
		if (lines.length === 0) return "refunded";
		return refundedOrRefused(async () => {
			await failpoint("order.refund_return.before_call");
			const action = payment.actions.refundLines;
			const request = { ...params, reason, requested_by };
			const { state, refunded } = await call(this.#broker, action, request, traceOf(work));
			await failpoint("order.refund_return.after_call");
			returning!.refunded = { amount: refunded, currency };
			return state;
		});
	}

	/** Restocks the returned items. */
	async restockReturn(work: SagaRun): Promise<Answers["restock_return"]> {
		const { order, returning } = work;
		const lines = returning!.items.map(({ product_id, quantity }) => ({ product_id, quantity }));
		const params = { return_id: returning!.id, order_id: order.id, lines };
		await failpoint("order.restock_return.before_call");
		const { state } = await call(
			this.#broker,
			product.actions.restockReturn,
			params,
			traceOf(work)
		);
		await failpoint("order.restock_return.after_call");
		return state;
	}

	/** An internal transition: if it is lost it is repeated, so it need not wait for the disk. */
	beginPayment(item: Advance): Promise<AdvanceOutcome> {
		return this.#beginPayment.add(item);
	}

	/** A published transition: on disk when it resolves. */
	commitTransition(item: Advance): Promise<AdvanceOutcome> {
		return this.#commitTransition.add(item);
	}

	reschedule(entry: Reschedule): Promise<void> {
		return this.#reschedule.add(entry);
	}
}
