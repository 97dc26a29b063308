-- Events are refused by windows that are final, so a replay that fills one again makes it open.
create or replace function reset_windows(since timestamptz) returns void
language sql security definer set search_path = analytics, pg_temp as $$
	update windows set orders = 0, revenue_minor = 0, unique_users = 0, dirty = true, final = false
		where window_start >= since;
	delete from window_users where window_start >= since;
	delete from product_sales where window_start >= since;
	delete from reversals where window_start >= since;
	delete from late_events where window_start >= since;
$$;
update windows w set final = false from position p
where p.replay_mode = 'again' and p.replay_until > p.next_offset and w.window_start >= p.replay_floor;
