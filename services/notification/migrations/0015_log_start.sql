-- Where a log begins for the shop that has moved to it: the offset, and the time from which on it has all events. Null:
-- from the first event on, or not known.
alter table position
	add column log_start bigint not null default 0,
	add column log_since timestamptz;
