import type { OrderSaga } from "../../../contracts/order-saga.ts";
import type { Order } from "../../../contracts/order.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import type { Actor } from "../../../lib/identity.ts";
import type { Transition } from "../order.machine.ts";
import {
	eventData,
	orderColumns,
	toOrder,
	type EventDetails,
	type OrderRow,
	type ReturnEventData
} from "./order.record.ts";
import { reasonAfter } from "./order.statements.ts";

/** Reads, and writes of one order at a time. Batch statements are in saga/steps.ts. */

/** Of an order. No `exists`, which may be planned as one look at all sagas. */
export const shownColumns = `${orderColumns("o")}, coalesce((select s.cancel_requested from orders.saga s where s.order_id = o.id), false)
	as cancel_requested`;

/** Details of a transition for the history. */
export interface TransitionContext {
	actor: Actor;
	/** In the actor's words, instead of the transition's own reason. */
	why?: string;
	shipment?: Order["shipment"];
	/** The refund that it is about. */
	refund?: EventDetails["refund"];
	/** The dispute that it is about. */
	dispute?: EventDetails["dispute"];
	/** The return that it is about. */
	returning?: ReturnEventData;
}

export class OrderRepository {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/** @param owner only this user's order, or anyone's when undefined. @throws NOT_FOUND */
	async get(id: string, owner: string | undefined): Promise<Order> {
		const [row] = await this.#db.query<OrderRow>(
			{
				name: "get_order",
				text: `select ${shownColumns} from orders.orders o where id = $1 and ($2::text is null or user_id = $2)`
			},
			[id, owner]
		);
		return row ? toOrder(row) : fail("NOT_FOUND");
	}

	/** Its status, and what its saga waits for; null if it does not. */
	async progress(id: string): Promise<Pick<OrderSaga, "status" | "waits_for">> {
		const [row] = await this.#db.query<Pick<OrderSaga, "status" | "waits_for">>(
			{
				name: "order_progress",
				text: `select o.status, s.waits_for
					from orders.orders o left join orders.saga s on s.order_id = o.id where o.id = $1`
			},
			[id]
		);
		return row ?? fail("NOT_FOUND");
	}

	/**
	 * Locks the saga (if there is one) before the order, in the same sequence as `advance_orders`.
	 * @throws NOT_FOUND
	 */
	async lock(id: string, owner: string | undefined, tx: Transaction): Promise<Order> {
		await tx.query(
			{
				name: "lock_saga",
				text: "select order_id from orders.saga where order_id = $1 for update"
			},
			[id]
		);
		const [row] = await tx.query<OrderRow>(
			{
				name: "lock_order",
				text: `select ${shownColumns} from orders.orders o
					where id = $1 and ($2::text is null or user_id = $2) for update`
			},
			[id, owner]
		);
		return row ? toOrder(row) : fail("NOT_FOUND");
	}

	/** Stores a transition of a locked order with its history row and its event, in one transaction. */
	async record(
		order: Order,
		step: Transition,
		{ actor, why, shipment, ...details }: TransitionContext,
		tx: Transaction
	): Promise<Order> {
		const [row] = await tx.query<OrderRow>(
			{
				name: "record_transition",
				text: `
with instant as materialized (
	select clock_timestamp() as at
),
moved as (
	update orders.orders set status = $2, reason = ${reasonAfter("$6", "$2", "$3", "reason")}, shipment = coalesce($4, shipment),
		version = version + 1, updated_at = at,
		history_hash = orders.history_hash(history_hash, id, version + 1, $5, $6, $2, $7, $8, at,
			orders.moved($2, ${reasonAfter("$6", "$2", "$3", "reason")}, coalesce($4, shipment)))
	from instant where id = $1 returning ${orderColumns("orders")}, history_hash
),
history as (
	insert into orders.history (order_id, version, type, from_status, to_status, reason, actor, at, snapshot, hash)
	select id, version, $5, $6, status, $7, $8, updated_at, orders.moved(status, reason, shipment), history_hash from moved
),
event as (
	insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at, quiet)
	select id, user_id, version, $5, $9, updated_at, not $10 from moved
)
select ${orderColumns("moved")} from moved`
			},
			[
				order.id,
				step.to,
				step.reason,
				shipment && JSON.stringify(shipment),
				step.type,
				step.from,
				why ?? step.reason,
				JSON.stringify(actor),
				JSON.stringify(eventData(shipment ? { ...order, shipment } : order, step, details)),
				step.published
			]
		);
		return toOrder(row!);
	}

	/** Requests the order's saga to reverse, and wakes it. */
	async requestCancel(
		id: string,
		actor: Actor,
		why: string | undefined,
		tx: Transaction
	): Promise<void> {
		await tx.query(
			{
				name: "request_cancel",
				text: `update orders.saga set next_run_at = now(), cancel_requested = true,
						cancel_actor = coalesce(cancel_actor, $2), cancel_reason = coalesce(cancel_reason, $3)
					where order_id = $1`
			},
			[id, JSON.stringify(actor), why]
		);
	}

	/** A refund that the order's events told of came back (minor units). The caller holds the order's lock. */
	async unreportRefund(id: string, amount: number, tx: Transaction): Promise<void> {
		await tx.query(
			{
				name: "unreport_refund",
				text: "update orders.orders set refund_reported_minor = refund_reported_minor - $2 where id = $1"
			},
			[id, amount]
		);
	}

	/** Adds a saga that refunds the order; due at once on any node. */
	async insertSaga(id: string, step: "refund" | "return", tx: Transaction): Promise<void> {
		await tx.query(
			{
				name: "insert_saga",
				text: "insert into orders.saga (order_id, user_id, step) select id, user_id, $2 from orders.orders where id = $1"
			},
			[id, step]
		);
	}
}
