-- Stock, what is reserved of it, and why. Nobody may delete here, so rows need no foreign keys to find their
-- product; each would cost the hot path a lookup per line.

create table stock (
	product_id text primary key,
	on_hand bigint not null,
	reserved bigint not null default 0,
	check (0 <= reserved and reserved <= on_hand)
) with (fillfactor = 50);

-- One row per order that was ever reserved or released, for ever: a late or repeated call meets it.
create table reservation_head (
	order_id uuid primary key,
	state text not null check (state in ('held', 'locked', 'committed', 'released', 'expired', 'out_of_stock',
		'returned')),
	expires_at timestamptz check ((expires_at is not null) = (state = 'held')),
	updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 80);
create index reservation_head_by_expiry on reservation_head (expires_at) where state = 'held';

-- The lines of a reservation, written with its head and never changed; the head holds the state of all of them.
create table reservation (
	order_id uuid not null,
	product_id text not null,
	quantity bigint not null check (quantity > 0),
	primary key (order_id, product_id)
);

-- Append only. on_hand = sum of d_on_hand and reserved = sum of d_reserved, at every commit.
create table stock_ledger (
	id bigint generated always as identity,
	product_id text not null,
	order_id uuid,
	reason text not null check (reason in ('initial', 'adjusted', 'reserved', 'sold', 'released', 'expired',
		'returned')),
	d_on_hand bigint not null,
	d_reserved bigint not null,
	note text,
	actor text,
	key text,
	at timestamptz not null default clock_timestamp(),
	primary key (product_id, id)
);
create unique index stock_ledger_by_order on stock_ledger (order_id, product_id, reason) where order_id is not null;
create unique index stock_ledger_by_key on stock_ledger (product_id, key) where key is not null;

grant select, insert on stock_ledger, reservation to shop_product;
grant select, insert, update on stock, reservation_head to shop_product;
