-- What a sold product is, as it was when it was first asked for: order events do not say it.

create table products (
	id text primary key,
	name text not null,
	category text not null,
	seen_at timestamptz not null default clock_timestamp()
);

grant select, insert on products to shop_analytics;
