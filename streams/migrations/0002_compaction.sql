-- How far a compacted partition is gone through: below it, only the last message of each key is left. Kept, so
-- that the next time takes up only what was written since.
create table compaction (
	topic text not null,
	partition int not null,
	next_offset bigint not null default 0,
	primary key (topic, partition)
);

grant select, insert, update on compaction to shop_streams;
