-- Events are moved to the archive by index. In one condition, the age of those published and that of quiet ones
-- made the planner go through all of a week by id, every 5 s on every node, where fewer than asked for were old.
create index outbox_quiet on outbox (occurred_at) where quiet;

-- Rows are deleted by ctid, which no plan can turn into a look at every row; they are locked, so they stay there.
create or replace function archive_outbox(most int) returns bigint
language sql security definer set search_path = orders, pg_temp as $$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	silent as materialized (
		select ctid from outbox where quiet and occurred_at < now() - interval '7 days'
		order by occurred_at limit most - (select count(*) from published) for update skip locked
	),
	moved as (
		delete from outbox where ctid = any (array(select ctid from published union all select ctid from silent))
		returning *
	),
	kept as (insert into outbox_archive select * from moved returning 1)
	select count(*) from kept
$$;
