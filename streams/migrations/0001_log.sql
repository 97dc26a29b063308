-- A durable, partitioned log for shops without Kafka: topics, their partitions, and who reads them.

create table topic (
	name text primary key,
	cleanup text not null check (cleanup in ('delete', 'compact')),
	retention_ms bigint not null check (retention_ms > 0)
);

-- Offsets are given out under the row's lock, so they become visible in their order and without a gap.
create table partition (
	topic text not null references topic,
	partition int not null check (partition >= 0),
	next_offset bigint not null default 0,
	primary key (topic, partition)
) with (fillfactor = 50);

create table message (
	topic text not null,
	partition int not null,
	position bigint not null,
	key text not null,
	value bytea not null,
	headers jsonb not null,
	at timestamptz not null default clock_timestamp(),
	primary key (topic, partition, position)
);
create index message_by_key on message (topic, partition, key, position);
create index message_by_time on message (topic, partition, at);

-- Who reads, for as long as it says so. The pid is of its session, which holds the locks of its partitions.
create table member (
	consumer_group text not null,
	id uuid not null,
	topics text[] not null,
	pid int not null,
	seen_at timestamptz not null default clock_timestamp(),
	primary key (consumer_group, id)
);

create table committed (
	consumer_group text not null,
	topic text not null,
	partition int not null,
	next_offset bigint not null,
	at timestamptz not null default clock_timestamp(),
	primary key (consumer_group, topic, partition)
) with (fillfactor = 50);

grant select, insert, update, delete on all tables in schema streams to shop_streams;
