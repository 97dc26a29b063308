-- Whether the units of a product are all reserved or sold, for filters by stock. It is a table of its own because an
-- index over `on_hand` and `reserved` would make each of their changes write every index of `stock`: today none does.
-- The row of a product changes only while its row of `stock` is locked, so nothing waits for it.
create table availability (
	product_id text primary key,
	is_sold_out boolean not null
);
create index availability_by_state on availability (is_sold_out, product_id);
create function record_availability() returns trigger
language plpgsql security definer set search_path = product, pg_temp as $$
begin
	insert into availability (product_id, is_sold_out) values (new.product_id, new.on_hand = new.reserved)
	on conflict (product_id) do update set is_sold_out = excluded.is_sold_out;
	return null;
end $$;
create trigger record_first_availability after insert on stock
	for each row execute function record_availability();
create trigger record_availability after update of on_hand, reserved on stock
	for each row when ((old.on_hand = old.reserved) <> (new.on_hand = new.reserved))
	execute function record_availability();
grant select on availability to shop_product;
