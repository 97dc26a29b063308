import { paidStatuses, unpaidStatuses } from "../contracts/order-status.ts";
import type { VerifyContext } from "./verifier.ts";

const pageSize = 1000;
const beforeAll = "00000000-0000-0000-0000-000000000000";
const afterAll = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** The counters of every product compared with the ledger's sums and the open reservations. */
const counters = `
with ledger as (
	select product_id, sum(d_on_hand) as on_hand, sum(d_reserved) as reserved from product.stock_ledger group by 1
),
held as (
	select product_id, sum(quantity) as quantity
	from product.reservation join product.reservation_head using (order_id) where state in ('held', 'locked') group by 1
)
select format('product %s: %s', product_id, what) as text
from product.stock s full join ledger l using (product_id) full join held h using (product_id)
	left join product.availability a using (product_id), lateral (values
	(s.on_hand is null, 'has no stock row'),
	(s.on_hand <> coalesce(l.on_hand, 0), format('%s on hand, the ledger says %s', s.on_hand, coalesce(l.on_hand, 0))),
	(s.reserved <> coalesce(l.reserved, 0), format('%s reserved, the ledger says %s', s.reserved, coalesce(l.reserved, 0))),
	(s.reserved <> coalesce(h.quantity, 0),
		format('%s reserved, open reservations hold %s', s.reserved, coalesce(h.quantity, 0))),
	(a.is_sold_out is distinct from (s.on_hand = s.reserved),
		format('%s on hand and %s reserved, filters by stock have it as sold out: %s', s.on_hand, s.reserved, a.is_sold_out))
) as law (broken, what)
where broken order by 1`;

/**
 * $1 < order ids <= $2. The ledger must have exactly the rows that follow from the state of the
 * reservation, and the sold units of a paid order must equal its items.
 */
const reservations = `
with head as materialized (
	select order_id, state, user_id as customer from product.reservation_head where order_id > $1 and order_id <= $2
),
line as materialized (
	select order_id, product_id, quantity from product.reservation where order_id > $1 and order_id <= $2
),
due as (
	select order_id, product_id, reason, on_hand * quantity as d_on_hand, reserved * quantity as d_reserved
	from head join line using (order_id) join (values
		('reserved', 0, 1, array['held', 'locked', 'committed', 'released', 'expired', 'returned']),
		('sold', -1, -1, array['committed', 'returned']), ('released', 0, -1, array['released']),
		('expired', 0, -1, array['expired']), ('returned', 1, 0, array['returned'])
	) as rule (reason, on_hand, reserved, states) on state = any (states)
	union all
	select order_id, product_id, 'taken_back', sum(quantity), 0 from product.return_restocks
	where order_id > $1 and order_id <= $2 group by 1, 2
),
entry as (
	select order_id, product_id, reason, sum(d_on_hand) as d_on_hand, sum(d_reserved) as d_reserved
	from product.stock_ledger where order_id > $1 and order_id <= $2 group by 1, 2, 3
),
o as materialized (
	select id as order_id, status, items, user_id from orders.orders where id > $1 and id <= $2
),
basket as (
	select order_id, (select jsonb_object_agg(product_id, quantity) from line where line.order_id = head.order_id) as lines
	from head
),
found (order_id, what) as (
	select order_id, format('product %s: ledger says %s (%s on hand, %s reserved), should be %s (%s, %s)', product_id,
		coalesce(e.reason, 'nothing'), e.d_on_hand, e.d_reserved, coalesce(d.reason, 'nothing'), d.d_on_hand, d.d_reserved)
	from due d full join entry e using (order_id, product_id, reason)
	where (d.d_on_hand, d.d_reserved) is distinct from (e.d_on_hand, e.d_reserved)
	union all
	select order_id, format('reservation is %s without lines', state) from head
	where state in ('held', 'locked', 'committed', 'expired', 'returned') and not exists (select from line where line.order_id = head.order_id)
	union all
	select order_id, format('product %s: a line without a reservation', product_id) from line
	where not exists (select from head where head.order_id = line.order_id)
	union all
	select order_id, format('order is %s, its reservation %s', status, coalesce(state, 'absent'))
	from o left join head using (order_id)
	where case
		when status = any ($3)
			then state is distinct from 'committed'
		when status = 'refund_pending' then state is null or state not in ('committed', 'returned')
		when status = 'refunded' then state is null or state not in ('returned', 'released', 'expired', 'out_of_stock', 'reservation_limit')
		when status = any ($4) then state in ('held', 'locked', 'committed')
		else false end
	union all
	select order_id, format('order is of %s, its reservation counts for %s', user_id, customer)
	from o join head using (order_id) where customer <> user_id
	union all
	select order_id, format('order has %s, its reservation %s', bought, lines)
	from o join head using (order_id) join basket using (order_id), lateral (
		select jsonb_object_agg(item->>'product_id', item->'quantity') as bought from jsonb_array_elements(items) as item) as b
	where state in ('locked', 'committed', 'returned') and bought <> lines
	union all
	select order_id, format('product %s: %s restocked, its returns say %s', product_id, restocked, coalesce(sum(t.quantity), 0))
	from product.reservation r left join product.return_restocks t using (order_id, product_id)
	where order_id > $1 and order_id <= $2 group by order_id, product_id
	having restocked <> coalesce(sum(t.quantity), 0)
	union all
	select order_id, format('return %s: product %s: %s returned, %s restocked', return_id, product_id,
		coalesce(r.quantity, 0), coalesce(t.quantity, 0))
	from (select id as return_id, order_id, item->>'product_id' as product_id, (item->'quantity')::int as quantity
		from orders.returns, jsonb_array_elements(items) as item
		where order_id > $1 and order_id <= $2 and status = 'completed' and restock) r
	full join (select t.* from product.return_restocks t left join orders.returns r on r.id = t.return_id
		where t.order_id > $1 and t.order_id <= $2 and r.status is distinct from 'approved') t
		using (return_id, order_id, product_id)
	where r.quantity is distinct from t.quantity
	union all
	select order_id, 'units were sold to an order that does not exist' from head
	where state in ('committed', 'returned') and not exists (select from o where o.order_id = head.order_id)
)
select format('order %s: %s', order_id, what) as text from found order by 1`;

/** Compares stock with its ledger, the ledger with the reservations, and these with the orders. */
export async function* verify({
	client,
	progress
}: Pick<VerifyContext, "client" | "progress">): AsyncGenerator<string> {
	const found = await client.query<{ text: string }>(counters);
	for (const { text } of found.rows) yield text;
	const page =
		"select order_id from product.reservation_head where order_id > $1 order by order_id limit $2";
	let [lower, done, more] = [beforeAll, 0, true];
	while (more) {
		const { rows: ids } = await client.query<{ order_id: string }>(page, [lower, pageSize]);
		more = ids.length === pageSize;
		const upper = more ? ids.at(-1)!.order_id : afterAll;
		const { rows } = await client.query<{ text: string }>(reservations, [
			lower,
			upper,
			[...paidStatuses],
			[...unpaidStatuses]
		]);
		for (const { text } of rows) yield text;
		lower = upper;
		progress((done += ids.length), "reservations");
	}
}
