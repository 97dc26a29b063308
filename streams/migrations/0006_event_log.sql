-- Which log the shop's events are in: positions, and what was published, are of that one. The first node that uses a log
-- writes it down; only the owner changes it (npm run log:switch).
create table event_log (
	is_only boolean primary key default true check (is_only),
	kind text not null check (kind in ('postgres', 'kafka')),
	since timestamptz not null default clock_timestamp()
);

-- A database from before this table whose log in Postgres was written to.
insert into event_log (kind)
select 'postgres' where exists (select from partition where next_offset > 0);

grant usage on schema streams to shop_orders, shop_product, shop_analytics, shop_notification, shop_webhook;
grant select, insert on event_log to shop_orders, shop_product, shop_analytics, shop_notification, shop_webhook;
