-- Removes rows that were published a week ago, as many as asked for, by index, and answers how many there were.
drop function purge_published();
create function purge_outbox(most int) returns bigint
language sql security definer set search_path = product, pg_temp as $$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	removed as (delete from outbox where ctid = any (array(select ctid from published)) returning 1)
	select count(*) from removed
$$;
revoke all on function purge_outbox(int) from public;
grant execute on function purge_outbox(int) to shop_product;
