-- A refill goes through events by id, each page from where the last one ended; it used to look for the first ones
-- anew each time, and to count the rest, through all there are.
drop function refill_outbox(timestamptz, timestamptz, int);

-- To count from when on a refill is asked for. The archive lies in the order of time, so a few kilobytes do.
create index outbox_archive_occurred on outbox_archive using brin (occurred_at);

-- Of the next `most` events, whatever they are, those that happened at `since` or later and were published before
-- `until` are made to wait once more; those in the archive come back for it. `reached` is null behind the last one.
-- The outbox comes first: what is moved to the archive meanwhile is found there by the next statement, which sees
-- what was committed until then.
create function refill_outbox(since timestamptz, until timestamptz, after bigint, most int)
returns table (refilled int, reached bigint)
language plpgsql security definer set search_path = orders, pg_temp as $$
declare
	seen int;
	chosen bigint[];
	back int;
begin
	select count(*), max(id),
		array_agg(id) filter (where published_at < until and occurred_at >= since and not quiet)
	into seen, reached, chosen
	from (select id, occurred_at, published_at, quiet from events where id > after order by id limit most) as page;
	update outbox set published_at = null where id = any (chosen) and published_at < until;
	get diagnostics refilled = row_count;
	with fetched as (
		delete from outbox_archive where id = any (chosen) and published_at < until returning *
	)
	insert into outbox (id, event_id, epoch, order_id, user_id, version, type, occurred_at, payload, quiet)
	overriding system value
	select id, event_id, epoch, order_id, user_id, version, type, occurred_at, payload, quiet from fetched;
	get diagnostics back = row_count;
	refilled := refilled + back;
	if seen < most then reached := null; end if;
	return next;
end
$$;
revoke all on function refill_outbox(timestamptz, timestamptz, bigint, int) from public;
grant execute on function refill_outbox(timestamptz, timestamptz, bigint, int) to shop_orders;
