-- One row per event and channel, for ever as far as sending goes: what comes again meets it. It holds what happened
-- and no personal data; name and address are asked for when it is sent.

create table notifications (
	-- UUIDv5 of the event and the channel, and so the same for whoever works it out.
	id uuid primary key,
	event_id uuid not null,
	channel text not null check (channel in ('email', 'sms', 'cascade')),
	kind text not null,
	-- Null: all who run the shop.
	user_id text,
	order_id uuid,
	fact jsonb not null,
	occurred_at timestamptz(3) not null,
	state text not null default 'pending' check (state in ('pending', 'sent', 'skipped', 'parked')),
	attempts int not null default 0 check (attempts >= 0),
	resends int not null default 0 check (resends >= 0),
	reason text,
	provider_id text check ((provider_id is not null) = (state = 'sent')),
	-- While a node sends it, when others may take it over.
	due_at timestamptz default clock_timestamp() check ((due_at is not null) = (state = 'pending')),
	lease_until timestamptz,
	-- Counts who took it: a node that was too slow cannot change what another did since.
	fence int not null default 0,
	sent_at timestamptz(3),
	created_at timestamptz(3) not null default clock_timestamp(),
	updated_at timestamptz(3) not null default clock_timestamp(),
	unique (event_id, channel)
);
create index notifications_due on notifications (due_at) where state = 'pending';
create index notifications_by_user on notifications (user_id, occurred_at desc, id desc);
create index notifications_by_time on notifications (occurred_at desc, id desc);

grant select, insert, delete on notifications to shop_notification;
grant update (state, attempts, resends, reason, provider_id, due_at, lease_until, fence, sent_at, updated_at)
	on notifications to shop_notification;
