import type { ServiceBroker } from "moleculer";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import { payment, type PaymentNotice } from "../../../contracts/payment.ts";
import type { Database, Statement, Transaction } from "../../../db/database.ts";
import { is } from "../../../lib/errors.ts";
import { around } from "../../../lib/failpoint.ts";
import { Periodic } from "../../../lib/periodic.ts";
import { call } from "../../../lib/service.ts";
import { systemActor } from "../../../lib/identity.ts";
import { paymentTransition, type OnTransition } from "../order.machine.ts";
import type { OrderRepository } from "../storage/order.repository.ts";

const claim: Statement = {
	name: "payment_notice.claim",
	text: `insert into orders.payment_notices (id, order_id) select $1, id from orders.orders where id = $2
		on conflict do nothing returning id`
};

export interface PaymentNoticesOptions {
	broker: ServiceBroker;
	db: Database;
	orders: OrderRepository;
	everyMs: number;
	onTransition: OnTransition;
	/** Called when an order that was refunded has to be refunded again: its saga is due. */
	onDue(): void;
	onError(error: Error): void;
}

const limit = 50;
/** The nodes of a shop start at the same time, on a busy machine within so long. */
const othersStartWithinMs = 30_000;

const isUnknownService = (error: Error) =>
	(error as { type?: unknown }).type === "SERVICE_NOT_FOUND";

/**
 * Records in orders what changed on their payments without them: refunds by staff or at the provider, refunds that
 * came back, disputes. The payment service keeps each notice until it is acknowledged, and an order records each
 * once, in the transaction of its history and its event. Runs on every order node.
 */
export class PaymentNotices {
	readonly #options: PaymentNoticesOptions;
	readonly #periodic: Periodic;
	/** The last reading failed, which was reported: a payment service that is down is one error. */
	#isFailing = false;
	/** From its start on, until a payment node was there or the time is over: when that is, by `performance.now()`. */
	#mayBeMissingUntil = 0;

	constructor(options: PaymentNoticesOptions) {
		this.#options = options;
		const { everyMs } = options;
		this.#periodic = new Periodic({
			everyMs,
			work: () => this.#poll(),
			onError: error => this.#report(error)
		});
	}

	start(): void {
		this.#mayBeMissingUntil = performance.now() + othersStartWithinMs;
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}

	/** Reads at once, because a payment has changed. */
	nudge(): void {
		this.#periodic.nudge();
	}

	#report(error: Error): void {
		if (isUnknownService(error) && performance.now() < this.#mayBeMissingUntil) return;
		if (!this.#isFailing) this.#options.onError(error);
		this.#isFailing = true;
	}

	/** Answers whether there may be more. */
	async #poll(): Promise<boolean> {
		const { broker, onError } = this.#options;
		const { notices } = await call(broker, payment.actions["notice.list"], { limit });
		this.#mayBeMissingUntil = 0;
		const recorded: string[] = [];
		const failed = new Set<string>();
		for (const notice of notices) {
			// Those of one order stay in their order.
			if (failed.has(notice.order_id)) continue;
			try {
				await this.#record(notice);
				recorded.push(notice.id);
			} catch (error) {
				onError(error as Error);
				// An order that does not exist, after a restore, must not keep others from being read.
				if (is(error, "NOT_FOUND")) recorded.push(notice.id);
				else failed.add(notice.order_id);
			}
		}
		this.#isFailing = false;
		if (recorded.length === 0) return false;
		await call(broker, payment.actions["notice.acknowledge"], { ids: recorded });
		return notices.length === limit && failed.size === 0;
	}

	async #record(notice: PaymentNotice): Promise<void> {
		const { db, onTransition, onDue } = this.#options;
		const reached = await around(
			["order.payment_notice.before_commit", "order.payment_notice.after_commit"],
			() => db.transaction(tx => this.#apply(notice, tx))
		);
		if (!reached) return;
		onTransition(reached);
		if (reached === "refund_pending") onDue();
	}

	/** Undefined when it was recorded before. */
	async #apply(notice: PaymentNotice, tx: Transaction): Promise<OrderStatus | undefined> {
		const { orders } = this.#options;
		const order = await orders.lock(notice.order_id, undefined, tx);
		if ((await tx.query(claim, [notice.id, notice.order_id])).length === 0) return undefined;
		const step = paymentTransition(order.status, notice.kind);
		if (step.to !== order.status) await orders.insertSaga(order.id, "refund", tx);
		const about = "ref" in notice.data ? { dispute: notice.data } : { refund: notice.data };
		const cameBack = notice.kind === "refund_failed" && isOfOrder(about);
		await orders.record(order, step, { actor: systemActor, ...about }, tx);
		if (cameBack) await orders.unreportRefund(order.id, about.refund!.amount.amount, tx);
		return step.to;
	}
}

const isOfOrder = ({ refund }: { refund?: { origin: string } }) => refund?.origin === "order";
