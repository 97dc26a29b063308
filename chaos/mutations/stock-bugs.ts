import type { Bug } from "./bug.ts";

const reservations = "services/product/stock/stock.statements.ts";

/** Mistakes of shops that oversold, or let a customer hoard. */
export const stockBugs: readonly Bug[] = [
	{
		// The sleep stands for the round trip of a shop that reads the stock and writes back a computed value.
		name: "stock is read without a lock and written back",
		file: reservations,
		find: `order by product_id for update
	), unpaid as materialized (
		\${unpaid}
	), queue as (
		select a.*, coalesce(s.on_hand - s.reserved, 0) as available,`,
		replace: `order by product_id
	), away as materialized (
		select pg_sleep(0.3) from stock_row limit 1
	), unpaid as materialized (
		\${unpaid}
	), queue as (
		select a.*, coalesce(s.on_hand - s.reserved, 0) + 0 * (select count(*) from away) as available,`,
		promise: "P2",
		scenario: "concurrent_purchases"
	},
	{
		name: "a customer's unpaid orders are not added up",
		file: reservations,
		find: "coalesce(u.units, 0) as held,",
		replace: "0::bigint as held,",
		promise: "P12",
		scenario: "hoarding"
	},
	{
		// The sleep stands for a slow disk: two nodes reserve at the same time.
		name: "a customer's unpaid orders are counted before their stock is locked",
		file: reservations,
		find: `select * from product.unpaid_units(array(select distinct user_id from asked where user_id is not null),
		array(select product_id from stock_row))`,
		replace: `select h.user_id, r.product_id, sum(r.quantity)::bigint as units
		from product.reservation_head h join product.reservation r using (order_id), (select pg_sleep(0.3)) as away
		where h.user_id in (select user_id from asked) and h.state in ('held', 'locked') group by 1, 2`,
		promise: "P12",
		scenario: "hoarding"
	},
	{
		name: "a release leaves no tombstone for a late reservation",
		file: "services/product/stock/reservation.repository.ts",
		find: "if (unknown.length > 0) {",
		replace: "if (unknown.length < 0) {",
		promise: "P2",
		scenario: "late_reservation"
	},
	{
		name: "a reservation expires while its payment is processing",
		file: reservations,
		find: `where state = 'held' and expires_at <= now() order by expires_at limit $1\`,
	from: "state = 'held'",`,
		replace: `where state in ('held', 'locked') and updated_at < clock_timestamp() - interval '1 s' limit $1\`,
	from: "state in ('held', 'locked')",`,
		promise: "P2",
		scenario: "slow_payment"
	}
];
