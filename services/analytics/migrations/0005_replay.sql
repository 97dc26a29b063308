-- A replay goes through messages once more: where it began and ends, since when events have their effect anew,
-- and its number. The inbox says in which replay an event was handled last.
alter table position
	add column replay int not null default 0,
	add column replay_from bigint,
	add column replay_until bigint,
	add column replay_floor timestamptz,
	add column replay_mode text check (replay_mode in ('missing', 'quiet', 'again'));
alter table inbox add column replay int not null default 0;
grant update (replay) on inbox to shop_analytics;
create index dead_letter_by_time on dead_letter (at, id);

-- A replay empties the windows it fills again. A window keeps its row, so that its revision goes on growing.
alter table windows drop constraint windows_orders_check, add check (orders >= 0);
-- The service may not delete what it has counted; it may have it taken back from a minute on.
create function take_back(since timestamptz) returns void
language sql security definer set search_path = analytics, pg_temp as $$
	update windows set orders = 0, revenue_minor = 0, unique_users = 0, dirty = true where window_start >= since;
	delete from window_users where window_start >= since;
	delete from product_sales where window_start >= since;
	delete from reversals where window_start >= since;
	delete from late_events where window_start >= since;
$$;
revoke all on function take_back(timestamptz) from public;
grant execute on function take_back(timestamptz) to shop_analytics;

-- What was published stays for a week. The service may not delete what it has told; it may have that forgotten.
create function forget_published() returns void
language sql security definer set search_path = analytics, pg_temp as $$
	delete from outbox where id in (
		select id from outbox where published_at < now() - interval '7 days' order by id limit 10000)
$$;
revoke all on function forget_published() from public;
grant execute on function forget_published() to shop_analytics;
create index outbox_published on outbox (published_at) where published_at is not null;
