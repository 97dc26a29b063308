-- Whose reservation it is: one customer may have only a share of a product's units in unpaid orders
-- (docs/decisions/0028-reservation-share.md). Null in rows from before, and where a node from before reserves; those
-- use no share.
alter table reservation_head
	add column user_id text,
	-- Of a refused reservation: the lines that are beyond the share, as they were when it was refused.
	add column limited_items jsonb,
	drop constraint reservation_head_state_check,
	add constraint reservation_head_state_check check (state in ('held', 'locked', 'committed', 'released', 'expired',
		'out_of_stock', 'reservation_limit', 'returned')),
	add check ((limited_items is not null) = (state = 'reservation_limit'));
create index reservation_head_unpaid on reservation_head (user_id)
	where state in ('held', 'locked') and user_id is not null;

-- Units of these products in unpaid orders of these users. The caller holds the locks of the products' stock rows. As
-- a volatile function it sees what others committed while the caller waited for them; the statement that calls it does
-- not.
create function unpaid_units(users text[], products text[])
returns table (user_id text, product_id text, units bigint)
language plpgsql volatile rows 10 as $$
begin
	return query select h.user_id, r.product_id, sum(r.quantity)::bigint
		from product.reservation_head h join product.reservation r using (order_id)
		where h.user_id = any (users) and h.state in ('held', 'locked') and r.product_id = any (products)
		group by 1, 2;
end $$;
