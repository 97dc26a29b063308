-- Which relay publishes the outbox: a lease by the clock of the database. A takeover raises the fence.
create table relay_lease (
	is_only boolean primary key default true check (is_only),
	fence bigint not null default 0,
	lease_until timestamptz,
	-- The session of the holder, as pg_stat_activity shows it.
	pid int,
	backend_start timestamptz
) with (fillfactor = 50);
insert into relay_lease default values;
grant select, update (fence, lease_until, pid, backend_start) on relay_lease to shop_orders;
