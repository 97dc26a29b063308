-- What the consumer of events keeps: ids that had their effect, where to go on, and what was put aside.

create table inbox (
	event_id uuid primary key,
	at timestamptz not null default clock_timestamp()
);

create table position (
	topic text not null,
	partition int not null,
	next_offset bigint not null,
	at timestamptz not null default clock_timestamp(),
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
	at timestamptz not null default clock_timestamp(),
	redriven_at timestamptz,
	primary key (topic, partition, "offset")
);

grant select, insert on inbox, position, dead_letter to shop_notification;
grant update on position, dead_letter to shop_notification;
