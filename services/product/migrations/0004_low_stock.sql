-- Products of which few are left, as the statements say that took the units. `taken_at`: see product.outbox.ts.
create table outbox (
	id bigint generated always as identity primary key,
	event_id uuid not null unique default gen_random_uuid(),
	product_id text not null,
	type text not null,
	occurred_at timestamptz not null default clock_timestamp(),
	payload jsonb not null,
	taken_at timestamptz,
	published_at timestamptz
);
create index outbox_unpublished on outbox (id) where published_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;

grant select, insert, update (taken_at, published_at) on outbox to shop_product;

-- What was published stays for a week. The service may not delete what it has told; it may have that forgotten.
create function forget_published() returns void
language sql security definer set search_path = product, pg_temp as $$
	delete from outbox where id in (
		select id from outbox where published_at < now() - interval '7 days' order by id limit 10000)
$$;
revoke all on function forget_published() from public;
grant execute on function forget_published() to shop_product;
