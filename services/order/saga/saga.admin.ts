import { longestSagaError, type OrderSaga } from "../../../contracts/order-saga.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Database, Statement, Transaction } from "../../../db/database.ts";
import type { Answered, Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { cutText } from "../../../lib/text/cut-text.ts";
import { fail } from "../../../lib/errors.ts";
import type { Identity } from "../../../lib/identity.ts";
import { decideCancel } from "../order.machine.ts";
import { restockRefused } from "./saga.decisions.ts";
import type { SagaLoad } from "../order.metrics.ts";
import type { OrderRepository } from "../storage/order.repository.ts";

interface SagaRow {
	/** Of the order. */
	id: string;
	status: OrderStatus;
	step: OrderSaga["step"];
	attempt: number;
	waits_for: OrderSaga["waits_for"];
	last_error: string | null;
	next_run_at: Date;
	lease_owner: string | null;
	lease_until: Date | null;
	cancel_requested: boolean;
	age_s: number;
}

const columns = `o.id, o.status, s.step, s.attempt, s.waits_for, s.last_error, s.next_run_at, s.lease_owner,
	s.lease_until, s.cancel_requested, greatest(extract(epoch from now() - o.created_at), 0)::int as age_s`;

const leastId = "00000000-0000-0000-0000-000000000000";

// The caller holds the locks of the saga and the order, and no run is in progress.
export const skipRestock: Statement = {
	name: "skip_restock",
	text: `with ended as (
			update orders.returns set restock = false, note = $2, updated_at = clock_timestamp()
			where order_id = $1 and status = 'approved' returning order_id)
		update orders.saga s set next_run_at = now() from ended where s.order_id = ended.order_id`
};

/** A return changes by itself, while its order stays delivered. Subselects look up each row; a join may read all orders. */
export const countSagas: Statement = {
	name: "count_sagas",
	text: `select coalesce(waits_for, 'none') as waits_for, count(*)::int as count,
			max(greatest(extract(epoch from clock_timestamp() - changed_at), 0))::float8 as seconds
		from (
			select s.waits_for, greatest(
				(select o.updated_at from orders.orders o where o.id = s.order_id),
				(select r.updated_at from orders.returns r where r.order_id = s.order_id and r.status = 'approved')
			) as changed_at
			from (select order_id, waits_for from orders.saga limit 10000) s) x
		group by 1`
};

/** Running sagas, for admins. */
export class SagaAdmin {
	readonly #db: Database;
	readonly #idempotency: Idempotency;
	readonly #orders: OrderRepository;

	constructor(db: Database, idempotency: Idempotency, orders: OrderRepository) {
		this.#db = db;
		this.#idempotency = idempotency;
		this.#orders = orders;
	}

	/** The oldest first, above the order id `after`. */
	async list(
		waitsFor: OrderSaga["waits_for"] | undefined,
		after: string | undefined,
		limit: number
	): Promise<OrderSaga[]> {
		const rows = await this.#db.query<SagaRow>(
			{
				name: "list_sagas",
				text: `select ${columns} from orders.saga s join orders.orders o on o.id = s.order_id
					where ($1::text is null or s.waits_for = $1) and s.order_id > $2 order by s.order_id limit $3`
			},
			[waitsFor, after ?? leastId, limit]
		);
		return rows.map(toSaga);
	}

	/** How many sagas there are, and for how long the order or the return of one has not changed. */
	load(): Promise<SagaLoad[]> {
		return this.#db.query<SagaLoad>(countSagas);
	}

	/** @throws NOT_FOUND, also for a settled order */
	async get(id: string): Promise<OrderSaga> {
		return (await this.#find(id)) ?? fail("NOT_FOUND", "No saga is running for this order");
	}

	/** Makes a sleeping saga due. @throws NOT_FOUND, ILLEGAL_TRANSITION for a settled order */
	async retry(id: string): Promise<OrderSaga> {
		await this.#wake.add([id]);
		return this.#unfinished(id);
	}

	/**
	 * Cancels an order as an admin; a repetition changes nothing until the saga has acted, and is then refused.
	 * @throws NOT_FOUND, ILLEGAL_TRANSITION when it is settled or being refunded, IDEMPOTENCY_KEY_REUSED
	 */
	forceCancel(
		{ id, note }: { id: string; note: string },
		request: KeyedRequest | undefined,
		actor: Identity
	): Promise<Answered<OrderSaga>> {
		return this.#idempotency.once(request, async tx => {
			const { status } = await this.#orders.lock(id, undefined, tx);
			if (decideCancel(status) !== "ask_saga")
				fail("ILLEGAL_TRANSITION", `An order with status ${status} cannot be cancelled here`);
			await this.#orders.requestCancel(id, actor, note, tx);
			return (await this.#find(id, tx)) ?? fail("NOT_FOUND");
		});
	}

	/**
	 * Ends a return whose restock the stock refused: staff have counted it by hand.
	 * @throws NOT_FOUND; ILLEGAL_TRANSITION unless its restock was refused; IDEMPOTENCY_KEY_REUSED
	 */
	endWithoutRestock(
		{ id, note }: { id: string; note: string },
		request: KeyedRequest | undefined
	): Promise<Answered<OrderSaga>> {
		return this.#idempotency.once(request, async tx => {
			await this.#orders.lock(id, undefined, tx);
			const { last_error, lease } = (await this.#find(id, tx)) ?? fail("NOT_FOUND");
			if (last_error !== restockRefused || lease)
				fail("ILLEGAL_TRANSITION", "No return of this order waits for its restock");
			await tx.query(skipRestock, [id, note]);
			return (await this.#find(id, tx))!;
		});
	}

	/** Makes the orders due whose sagas sleep. If it is lost, they wake at their scheduled time. */
	wake(orderIds: string[]): Promise<void> {
		return this.#wake.add(orderIds);
	}

	readonly #wake = new Batcher<string[], void>({
		maxWeight: 1000,
		weigh: ids => ids.length,
		run: async batch => {
			await this.#db.deferred(
				{
					name: "wake_sagas",
					text: `with asleep as materialized (
							select order_id from orders.saga
							where order_id = any ($1::uuid[]) and lease_owner is null and next_run_at > now()
							order by order_id for update
						)
						update orders.saga set next_run_at = now() where order_id in (select order_id from asleep)`
				},
				[[...new Set(batch.flat())]]
			);
			return batch.map(() => undefined);
		}
	});

	async #unfinished(id: string): Promise<OrderSaga> {
		const saga = await this.#find(id);
		if (saga) return saga;
		const { status } = await this.#orders.get(id, undefined);
		return fail("ILLEGAL_TRANSITION", `The order has settled: it is ${status}`);
	}

	async #find(id: string, tx: Transaction | Database = this.#db): Promise<OrderSaga | undefined> {
		const [row] = await tx.query<SagaRow>(
			{
				name: "get_saga",
				text: `select ${columns} from orders.saga s join orders.orders o on o.id = s.order_id
					where s.order_id = $1`
			},
			[id]
		);
		return row && toSaga(row);
	}
}

function toSaga({ id, next_run_at, lease_owner, lease_until, ...row }: SagaRow): OrderSaga {
	return {
		order_id: id,
		status: row.status,
		step: row.step,
		attempt: row.attempt,
		waits_for: row.waits_for,
		last_error: row.last_error && cutText(row.last_error, longestSagaError),
		next_run_at: next_run_at.toISOString(),
		lease: lease_owner ? { owner: lease_owner, until: lease_until!.toISOString() } : null,
		cancel_requested: row.cancel_requested,
		age_s: row.age_s
	};
}
