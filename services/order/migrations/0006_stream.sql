-- What was published stays for a week where it is, then in the archive: a log that was lost can be filled again.
create table outbox_archive (like outbox including defaults);
alter table outbox_archive add primary key (id);
create index outbox_published on outbox (published_at) where published_at is not null;

-- Every event, wherever it is by now.
create view events as select * from outbox union all select * from outbox_archive;

-- The service may not delete events; it may have those moved that are published and old. Quiet ones, which are
-- never published, are as old as they are.
create function archive_outbox(most int) returns bigint
language sql security definer set search_path = orders, pg_temp as $$
	with moved as (
		delete from outbox where id in (
			select id from outbox where published_at < now() - interval '7 days'
				or (quiet and occurred_at < now() - interval '7 days')
			order by id limit most for update skip locked)
		returning *
	),
	kept as (insert into outbox_archive select * from moved returning 1)
	select count(*) from kept
$$;
revoke all on function archive_outbox(int) from public;
grant execute on function archive_outbox(int) to shop_orders;
grant select on outbox_archive, events to shop_orders;
