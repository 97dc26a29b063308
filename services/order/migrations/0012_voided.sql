-- Events that the log has and the outbox has not, because the database was restored to an earlier moment: they had
-- their day and have no effect here. `epoch`: the one that began with it (cli/restore-reconcile.ts).
create table voided (
	event_id uuid primary key,
	epoch int not null,
	order_id uuid not null,
	user_id text not null,
	version int not null,
	type text not null,
	occurred_at timestamptz not null,
	total_minor bigint not null,
	currency char(3) not null,
	at timestamptz not null default clock_timestamp()
);

grant select on voided to shop_orders;
