-- A log that was lost is filled again with what was published: a page of events, the oldest first, is made to wait
-- once more; those in the archive come back for it. What is published from `moment` on is of this refill.
create function refill_outbox(since timestamptz, until timestamptz, most int)
returns table (refilled int, remaining int, before timestamptz)
language plpgsql security definer set search_path = orders, pg_temp as $$
declare
	moment constant timestamptz := coalesce(until, clock_timestamp());
begin
	with chosen as materialized (
		select id from events where published_at < moment and occurred_at >= since and not quiet order by id limit most
	),
	fetched as (
		delete from outbox_archive where id in (select id from chosen) returning *
	),
	back as (
		insert into outbox (id, event_id, epoch, order_id, user_id, version, type, occurred_at, payload, quiet)
		overriding system value
		select id, event_id, epoch, order_id, user_id, version, type, occurred_at, payload, quiet from fetched
		returning 1
	),
	again as (
		update outbox set published_at = null where id in (select id from chosen) returning 1
	)
	select (select count(*) from back) + (select count(*) from again) into refilled;
	select count(*) into remaining from events e
	where e.published_at < moment and e.occurred_at >= since and not e.quiet;
	before := moment;
	return next;
end
$$;
revoke all on function refill_outbox(timestamptz, timestamptz, int) from public;
grant execute on function refill_outbox(timestamptz, timestamptz, int) to shop_orders;
