-- URLs of other systems, and what is sent to them.

create table endpoint (
	id uuid primary key,
	url text not null,
	description text,
	event_types text[] not null check (cardinality(event_types) > 0),
	-- Signs what is sent: Standard Webhooks' form, `whsec_` and base64. None is kept of a removed endpoint.
	secret text check ((secret is null) = (removed_at is not null)),
	-- Sign beside it until then.
	former_secrets text[] not null default '{}',
	former_secrets_until timestamptz(3),
	enabled boolean not null default true,
	disabled_reason text check (disabled_reason in ('admin', 'failing', 'gone')),
	check (enabled = (disabled_reason is null)),
	-- Events of this time or later are sent to it.
	active_since timestamptz not null default clock_timestamp(),
	-- Since its last success: how many attempts have failed, when the first one did, and why the last one did.
	failures int not null default 0 check (failures >= 0),
	failing_since timestamptz(3),
	last_error text,
	-- Nothing is sent to it until then.
	paused_until timestamptz(3),
	created_at timestamptz(3) not null default clock_timestamp(),
	updated_at timestamptz(3) not null default clock_timestamp(),
	removed_at timestamptz(3)
);
-- A request that is sent twice makes one.
create unique index endpoint_url on endpoint (url) where removed_at is null;

-- One row per endpoint and event: an event that is handled twice is sent once.
create table delivery (
	id uuid primary key default gen_random_uuid(),
	endpoint_id uuid not null references endpoint,
	event_id uuid not null,
	event_type text not null,
	occurred_at timestamptz(3) not null,
	-- The request's, the same in every attempt.
	body text not null,
	state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
	attempts int not null default 0 check (attempts >= 0),
	redeliveries int not null default 0 check (redeliveries >= 0),
	-- While a node sends it, when others may take it over.
	due_at timestamptz default clock_timestamp() check ((due_at is not null) = (state = 'pending')),
	lease_until timestamptz,
	-- Counts who took it: a node that was too slow cannot change what another did since.
	fence int not null default 0,
	last_status int,
	last_error text,
	created_at timestamptz(3) not null default clock_timestamp(),
	delivered_at timestamptz(3),
	updated_at timestamptz(3) not null default clock_timestamp(),
	unique (endpoint_id, event_id)
);
create index delivery_due on delivery (endpoint_id, due_at) where state = 'pending';
create index delivery_by_time on delivery (endpoint_id, created_at desc, id desc);
create index delivery_unfinished on delivery (endpoint_id, state, created_at desc, id desc) where state <> 'delivered';
create index delivery_by_age on delivery (created_at);

create table attempt (
	delivery_id uuid not null references delivery on delete cascade,
	-- The fence with which it was made.
	number int not null,
	at timestamptz(3) not null,
	status int,
	error text,
	answer text not null,
	duration_ms int not null,
	primary key (delivery_id, number)
);

-- Endpoints that were disabled by their failures, for a message to the admins.
create table outbox (
	id bigint generated always as identity primary key,
	event_id uuid not null default gen_random_uuid(),
	endpoint_id uuid not null,
	occurred_at timestamptz(3) not null default clock_timestamp(),
	payload jsonb not null,
	published_at timestamptz
);
create index outbox_unpublished on outbox (id) where published_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;

-- Removes rows that were published a week ago, as many as asked for, by index, and answers how many there were.
create function purge_outbox(most int) returns bigint
language sql security definer set search_path = webhook, pg_temp as $$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	removed as (delete from outbox where ctid = any (array(select ctid from published)) returning 1)
	select count(*) from removed
$$;
revoke all on function purge_outbox(int) from public;
grant execute on function purge_outbox(int) to shop_webhook;

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

grant select, insert on endpoint, delivery, attempt, outbox to shop_webhook;
grant update (url, description, event_types, secret, former_secrets, former_secrets_until, enabled, disabled_reason,
	active_since, failures, failing_since, last_error, paused_until, updated_at, removed_at)
	on endpoint to shop_webhook;
grant update (state, attempts, redeliveries, due_at, lease_until, fence, last_status, last_error, delivered_at, updated_at)
	on delivery to shop_webhook;
grant delete on delivery to shop_webhook;
grant update (published_at) on outbox to shop_webhook;
grant select, update (fence, lease_until, pid, backend_start) on relay_lease to shop_webhook;
