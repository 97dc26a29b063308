-- One-minute windows over the order events' own time: how far they were read, what they add up to, what was told.

-- How far each partition of a topic was read. The end is that of the log, as far as is known.
create table partitions (
	topic text not null,
	partition int not null,
	next_offset bigint not null,
	end_offset bigint not null,
	seen_until timestamptz,
	heard_at timestamptz not null default clock_timestamp(),
	primary key (topic, partition)
) with (fillfactor = 50);

-- No event from before it is expected. It never goes back.
create table watermarks (
	topic text primary key,
	watermark timestamptz not null
) with (fillfactor = 50);

-- What each minute adds up to. `revision` counts how often it was told of, 0 while it is open.
create table windows (
	window_start timestamptz not null,
	currency char(3) not null,
	orders int not null check (orders > 0),
	revenue_minor bigint not null check (revenue_minor >= 0),
	unique_users int not null check (unique_users between 0 and orders),
	revision int not null default 0,
	dirty boolean not null default true,
	final boolean not null default false,
	told_at timestamptz,
	primary key (window_start, currency)
) with (fillfactor = 50);
create index windows_to_tell on windows (window_start) where dirty or not final;

-- Who bought in each, so that a buyer counts once. Emptied when the window is final.
create table window_users (
	window_start timestamptz not null,
	currency char(3) not null,
	user_id text not null,
	primary key (window_start, currency, user_id)
);

create table product_sales (
	window_start timestamptz not null,
	currency char(3) not null,
	product_id text not null,
	orders int not null,
	units int not null,
	revenue_minor bigint not null,
	primary key (window_start, currency, product_id)
) with (fillfactor = 70);

-- Orders that were called off, and those whose money went back, by the minute in which that happened.
create table reversals (
	window_start timestamptz not null,
	currency char(3) not null,
	type text not null check (type in ('cancelled', 'refunded', 'returned')),
	orders int not null,
	amount_minor bigint not null,
	primary key (window_start, currency, type)
) with (fillfactor = 70);

-- Events that came too late for their window, which counts without them.
create table late_events (
	event_id uuid primary key,
	type text not null,
	window_start timestamptz not null,
	currency char(3) not null,
	amount_minor bigint not null,
	seen_at timestamptz not null default clock_timestamp()
);
create index late_events_by_window on late_events (window_start);

-- What was told last of each window. One teller at a time, so that `seq` is the order in which they became visible.
create sequence result_seq;
create table results (
	window_start timestamptz not null,
	currency char(3) not null,
	orders int not null,
	revenue_minor bigint not null,
	unique_users int not null,
	average_minor bigint not null,
	revision int not null,
	final boolean not null,
	seq bigint not null unique default nextval('analytics.result_seq'),
	told_at timestamptz not null default clock_timestamp(),
	primary key (window_start, currency)
) with (fillfactor = 70);

-- What is to be published: results, and events that came too late. The value is the message as it will stand there.
create table outbox (
	id bigint generated always as identity primary key,
	topic text not null,
	key text not null,
	value text not null,
	created_at timestamptz not null default clock_timestamp(),
	published_at timestamptz
);
create index outbox_unpublished on outbox (id) where published_at is null;

grant select, insert on all tables in schema analytics to shop_analytics;
grant update on partitions, watermarks, windows, product_sales, reversals, results to shop_analytics;
grant update (published_at) on outbox to shop_analytics;
grant delete on window_users to shop_analytics;
grant usage on sequence result_seq to shop_analytics;
