-- Orders, their saga, history, idempotency answers and the outbox: one transaction writes them together.

create table orders (
	id uuid primary key,
	user_id text not null,
	status text not null check (status in ('pending', 'payment_pending', 'confirmed', 'shipped', 'delivered',
		'cancelled', 'payment_failed', 'payment_review', 'refund_pending', 'refunded')),
	reason text,
	items jsonb not null,
	shipping_address jsonb not null,
	payment_method text not null,
	currency char(3) not null,
	subtotal_minor bigint not null check (subtotal_minor >= 0),
	shipping_minor bigint not null check (shipping_minor >= 0),
	tax_minor bigint not null check (tax_minor >= 0),
	total_minor bigint not null check (total_minor > 0 and total_minor = subtotal_minor + shipping_minor + tax_minor),
	shipment jsonb,
	version int not null default 1 check (version > 0),
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70);
-- Ids are UUIDv7, so this is newest first as well.
create index orders_by_user on orders (user_id, id desc);

-- A row is the promise that the order will reach an end state; it is deleted in the transaction that gets it there.
create table saga (
	order_id uuid primary key references orders,
	step text not null check (step in ('forward', 'refund')),
	attempt int not null default 0,
	next_run_at timestamptz not null default now(),
	lease_owner text,
	lease_until timestamptz,
	fence bigint not null default 1,
	cancel_requested boolean not null default false,
	cancel_reason text,
	cancel_actor jsonb,
	last_error text
) with (fillfactor = 70);
create index saga_due on saga (next_run_at);

-- One row that a crash of Postgres takes away: unlogged tables are emptied by recovery (and by failover to a
-- standby). A saga that began under another incarnation may rest on commits that were lost, and starts over.
create unlogged table incarnation (
	one boolean primary key default true check (one),
	id uuid not null default gen_random_uuid()
);

create table history (
	order_id uuid not null references orders,
	version int not null,
	type text not null,
	from_status text,
	to_status text not null,
	reason text,
	actor jsonb not null,
	at timestamptz not null default clock_timestamp(),
	primary key (order_id, version)
);

-- The answer is JSON text as it was first given (json keeps bytes, jsonb would not). Of a new order it lacks
-- created_at and updated_at: both are this row's created_at, the database's clock.
-- Rows are kept: an order stays the only one under its key for ever.
create table idempotency (
	principal text not null,
	route text not null,
	key text not null,
	request_hash bytea not null,
	order_id uuid not null,
	answer json not null,
	created_at timestamptz not null default clock_timestamp(),
	primary key (principal, route, key)
);

-- The stream's relay reads unpublished rows by id and marks them after the broker's acknowledgement.
create table outbox (
	id bigint generated always as identity primary key,
	event_id uuid not null unique default gen_random_uuid(),
	epoch int not null default 1,
	order_id uuid not null,
	user_id text not null,
	version int not null,
	type text not null,
	occurred_at timestamptz not null default clock_timestamp(),
	payload jsonb not null,
	published_at timestamptz,
	unique (order_id, version)
);
create index outbox_unpublished on outbox (id) where published_at is null;

grant select, insert on all tables in schema orders to shop_orders;
grant update on orders, saga to shop_orders;
grant update (published_at) on outbox to shop_orders;
grant delete on saga to shop_orders;
