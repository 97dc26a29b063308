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

grant select, insert, update (taken_at, published_at) on outbox to shop_product;
