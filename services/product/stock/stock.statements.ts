import { bulk } from "../../../lib/bulk.ts";
import type { Statement } from "../../../db/database.ts";

/**
 * One statement per step of the saga, each for many orders at once.
 *
 * No deadlock is possible, because all of them take locks in one order: stock rows by product id,
 * then reservation heads by order id. Heads and lines are inserted together and the quantities of
 * lines never change, so a statement whose snapshot shows a head sees its lines.
 *
 * New counters are computed from those that were read under the lock. An update that reads them itself first sees
 * those of its snapshot, from before it waited, and its CHECK would fail on a sum that is never stored.
 */

/** Lines of orders, with the order's customer and its position in the batch. */
export const orderLines = bulk(
	{ order_id: "uuid", user_id: "text", product_id: "text", quantity: "int", position: "int" },
	5
);

/**
 * $1 orders, $2 `held` or `locked`, $3 milliseconds a hold lasts, $4 the percentage of a product's units on hand that
 * one customer may have in unpaid orders (at least one unit), then their lines. The saga only locks; holds are for the
 * checkout of a cart, which does not exist yet (docs/limits.md).
 *
 * Units are assigned in the order of the batch. An order that does not fit only because of earlier ones gets no row
 * and is retried: 1 unit left must serve the second of [2, 1]. The first open order of a batch always gets a row,
 * so the retries end.
 *
 * @param unpaid the rows `user_id, product_id, units` of what the customers have in unpaid orders
 */
const reservation = (name: string, unpaid: string): Statement => ({
	name,
	beforeCommit: "product.reserve.before_commit",
	text: `
	with asked as materialized (
		select order_id, product_id, min(user_id) as user_id, sum(quantity)::bigint as quantity,
			min(position) as position
		from ${orderLines.as("line")}
		where not exists (select from product.reservation_head h where h.order_id = line.order_id)
		group by order_id, product_id
	), stock_row as materialized (
		select product_id, on_hand, reserved from product.stock
		where product_id = any (array(select product_id from asked))
		order by product_id for update
	), unpaid as materialized (
		${unpaid}
	), queue as (
		select a.*, coalesce(s.on_hand - s.reserved, 0) as available, coalesce(u.units, 0) as held,
			case when a.user_id is not null and $4::int is not null then greatest(1, s.on_hand * $4::int / 100) end as most,
			sum(a.quantity) over (partition by a.product_id order by a.position) as wanted,
			sum(a.quantity) over (partition by a.product_id, a.user_id order by a.position) as wanted_by_user
		from asked a left join stock_row s using (product_id)
			left join unpaid u on u.product_id = a.product_id and u.user_id = a.user_id
	), verdict as materialized (
		select order_id, min(user_id) as user_id, case
				when bool_and(wanted <= available and (most is null or held + wanted_by_user <= most)) then $2
				when bool_or(quantity > available) then 'out_of_stock'
				when bool_or(held + quantity > most) then 'reservation_limit'
			end as state,
			jsonb_agg(jsonb_build_object('product_id', product_id, 'quantity', quantity, 'limit', most, 'held', held)
				order by product_id) filter (where held + quantity > most) as limited_items
		from queue group by order_id
	), head as (
		insert into product.reservation_head (order_id, user_id, state, expires_at, limited_items)
		select order_id, user_id, state, case state when 'held' then clock_timestamp() + $3 * interval '1 ms' end,
			case state when 'reservation_limit' then limited_items end
		from verdict where state is not null
		order by order_id
		on conflict do nothing
		returning order_id, state, limited_items
	), granted as materialized (
		select order_id, product_id, quantity from asked join head using (order_id) where state = $2
	), counted as (
		update product.stock t set on_hand = s.on_hand, reserved = s.reserved + g.quantity
		from (select product_id, sum(quantity)::bigint as quantity from granted group by 1) g
			join stock_row s using (product_id)
		where t.product_id = g.product_id
	), lines as (
		insert into product.reservation (order_id, product_id, quantity)
		select order_id, product_id, quantity from granted
	), entries as (
		insert into product.stock_ledger (product_id, order_id, reason, d_on_hand, d_reserved)
		select product_id, order_id, 'reserved', 0, quantity from granted
	)
	select order_id, state, limited_items from head
	union all
	select order_id, state, limited_items from product.reservation_head where order_id = any ($1::uuid[])`
});

/** Refuses no customer, with null for $4: a shop without a limit need not pay for one. */
export const reserve = reservation(
	"stock.reserve",
	"select null::text as user_id, null::text as product_id, null::bigint as units where false"
);

/**
 * Units are counted after the stock rows are locked, because the argument is read from them: reservations that start
 * and end while this waits hold the same locks, so none is missed and none is counted that has ended.
 */
export const reserveWithinShare = reservation(
	"stock.reserve_within_share",
	`select * from product.unpaid_units(array(select distinct user_id from asked where user_id is not null),
		array(select product_id from stock_row))`
);

/** $1 orders. Expired holds are returned as expired; the sweep releases them. */
export const lock: Statement = {
	name: "stock.lock",
	text: `
	with head as materialized (
		select order_id, state, expires_at > clock_timestamp() as live
		from product.reservation_head where order_id = any ($1::uuid[])
		order by order_id for update
	), locked as (
		update product.reservation_head h set state = 'locked', expires_at = null, updated_at = clock_timestamp()
		from head where h.order_id = head.order_id and head.state = 'held' and head.live
	)
	select order_id,
		case when state <> 'held' then state when live then 'locked' else 'expired' end as state
	from head`
};

/**
 * $2 the shop's threshold. Adds an event for each product in `counted` whose units on hand have just fallen to it,
 * once per fall.
 * Units on hand are used, because they fall permanently; reservations come and go.
 */
export const lowStock = `
	), low as (
		insert into product.outbox (type, product_id, payload)
		select 'product.low_stock', c.product_id, jsonb_build_object('product_id', c.product_id, 'name', p.name,
			'available', c.on_hand - c.reserved, 'threshold', $2::bigint)
		from counted c join product.products p on p.id = c.product_id
		where c.before > $2::bigint and c.on_hand <= $2::bigint
		order by c.product_id`;

interface StockTransition extends Omit<Statement, "text"> {
	/** Ids of the orders; by default $1. */
	orders?: string;
	/** The states that are changed, as SQL; a head in another one is only returned. */
	from: string;
	to: string;
	/** The ledger's reason. */
	reason: string;
	/** The change per unit. */
	onHand: -1 | 0 | 1;
	reserved: -1 | 0;
	/** More of the statement, after `counted`. */
	also?: string;
}

/** Moves reservations from one state to another, with their units and their ledger rows. */
function stockTransition(options: StockTransition): Statement {
	const { name, beforeCommit, orders = "select unnest($1::uuid[])" } = options;
	const { from, to, reason, onHand, reserved, also = "" } = options;
	// The count makes the heads wait for the stock rows: CTEs have no order of their own.
	return {
		name,
		beforeCommit,
		text: `
	with asked (order_id) as materialized (
		${orders}
	), stock_row as materialized (
		select product_id, on_hand, reserved from product.stock
		where product_id = any (array(
			select product_id from product.reservation
			where order_id = any (array(select order_id from asked))))
		order by product_id for update
	), head as materialized (
		select order_id, state, ${from} as moves from product.reservation_head
		where order_id = any (array(select order_id from asked)) and (select count(*) from stock_row) >= 0
		order by order_id for update
	), line as materialized (
		select order_id, product_id, quantity
		from product.reservation join head using (order_id) where moves
	), counted as (
		update product.stock t set on_hand = s.on_hand + ${onHand} * g.quantity,
			reserved = s.reserved + ${reserved} * g.quantity
		from (select product_id, sum(quantity)::bigint as quantity from line group by 1) g
			join stock_row s using (product_id)
		where t.product_id = g.product_id
		returning t.product_id, t.on_hand, t.reserved, s.on_hand as before${also}
	), entries as (
		insert into product.stock_ledger (product_id, order_id, reason, d_on_hand, d_reserved)
		select product_id, order_id, '${reason}', ${onHand} * quantity, ${reserved} * quantity from line
	), moved as (
		update product.reservation_head t
		set state = '${to}', expires_at = null, updated_at = clock_timestamp()
		from head where t.order_id = head.order_id and moves
	)
	select order_id, case when moves then '${to}' else state end as state from head`
	};
}

/** $1 orders, $2 the threshold of low stock. */
export const commit = stockTransition({
	name: "stock.commit",
	beforeCommit: "product.commit.before_commit",
	from: "state = 'locked'",
	to: "committed",
	reason: "sold",
	onHand: -1,
	reserved: -1,
	also: lowStock
});

export const release = stockTransition({
	name: "stock.release",
	beforeCommit: "product.release.before_commit",
	from: "state in ('held', 'locked')",
	to: "released",
	reason: "released",
	onHand: 0,
	reserved: -1
});

export const restock = stockTransition({
	name: "stock.restock",
	beforeCommit: "product.restock.before_commit",
	from: "state = 'committed' and not has_restocks",
	to: "returned",
	reason: "returned",
	onHand: 1,
	reserved: 0
});

/** Releases expired holds. $1 most orders at once. */
export const sweep = stockTransition({
	name: "stock.sweep",
	orders: `select order_id from product.reservation_head
		where state = 'held' and expires_at <= now() order by expires_at limit $1`,
	from: "state = 'held'",
	to: "expired",
	reason: "expired",
	onHand: 0,
	reserved: -1
});

export const returnLines = bulk({ product_id: "text", quantity: "int" }, 3);

/**
 * $1 return, $2 order, then the lines of the return. Restocks units of a sold order, once for each return and
 * product. More than was bought violates the CHECK of the line, unknown products its foreign key; then nothing is
 * done. Finds no head when the order is not sold, or was restocked as a whole.
 */
export const restockReturn: Statement = {
	name: "stock.restock_return",
	beforeCommit: "product.restock_return.before_commit",
	text: `
	with asked as materialized (
		select product_id, sum(quantity)::bigint as quantity
		from ${returnLines.as("line")} group by 1
	), stock_row as materialized (
		select product_id, on_hand from product.stock
		where product_id = any (array(select product_id from asked))
		order by product_id for update
	), head as materialized (
		select order_id from product.reservation_head
		where order_id = $2 and state = 'committed' and (select count(*) from stock_row) >= 0
		for update
	), taken as (
		insert into product.return_restocks (return_id, product_id, order_id, quantity)
		select $1, product_id, order_id, quantity from asked, head order by product_id
		on conflict do nothing
		returning product_id, order_id, quantity
	), line as (
		update product.reservation r set restocked = restocked + t.quantity
		from taken t where r.order_id = t.order_id and r.product_id = t.product_id
	), counted as (
		update product.stock s set on_hand = stock_row.on_hand + t.quantity
		from taken t join stock_row using (product_id) where s.product_id = t.product_id
	), entries as (
		insert into product.stock_ledger (product_id, order_id, return_id, reason, d_on_hand, d_reserved)
		select product_id, order_id, $1, 'taken_back', quantity, 0 from taken
	), marked as (
		update product.reservation_head h set has_restocks = true, updated_at = clock_timestamp()
		from head where h.order_id = head.order_id and exists (select from taken)
	)
	select order_id from head`
};

/** $1 orders. Inserts tombstones for those without a reservation. */
export const insertTombstones: Statement = {
	name: "stock.insert_tombstones",
	text: `
	insert into product.reservation_head (order_id, state)
	select order_id, 'released' from unnest($1::uuid[]) as asked(order_id) order by order_id
	on conflict do nothing`
};
