-- What the consumer of events keeps: ids that had their effect, where to go on, and dead letters.

create table inbox (
	event_id uuid primary key,
	at timestamptz not null default clock_timestamp(),
	-- The replay in which it was handled last.
	replay int not null default 0
);

create table position (
	topic text not null,
	partition int not null,
	next_offset bigint not null,
	at timestamptz not null default clock_timestamp(),
	replay int not null default 0,
	replay_from bigint,
	replay_until bigint,
	replay_floor timestamptz,
	replay_mode text check (replay_mode in ('missing', 'quiet', 'again')),
	-- When the log was last found to have lost messages that were handled.
	lost_at timestamptz,
	-- The number of the log that offsets are of; where it begins for the shop, and from when on it has all events.
	log int not null default 0,
	log_start bigint not null default 0,
	log_since timestamptz,
	primary key (topic, partition)
) with (fillfactor = 50);

create table dead_letter (
	id uuid not null unique default gen_random_uuid(),
	topic text not null,
	partition int not null,
	"offset" bigint not null,
	key text,
	value bytea not null,
	headers jsonb not null,
	reason text not null,
	detail text not null,
	attempts int not null,
	at timestamptz(3) not null default clock_timestamp(),
	redriven_at timestamptz,
	log int not null default 0,
	primary key (topic, partition, "offset", log)
);
create index dead_letter_by_time on dead_letter (at, id);
-- How many wait is measured every few seconds, and those that were redriven are kept.
create index dead_letter_waiting on dead_letter (at) where redriven_at is null;

grant select, insert on inbox, position, dead_letter to shop_webhook;
grant update (replay) on inbox to shop_webhook;
grant update on position, dead_letter to shop_webhook;
