-- A replay goes through messages once more: where it began and ends, since when events have their effect anew,
-- and its number. The inbox says in which replay an event was handled last.
alter table position
	add column replay int not null default 0,
	add column replay_from bigint,
	add column replay_until bigint,
	add column replay_floor timestamptz,
	add column replay_mode text check (replay_mode in ('missing', 'quiet', 'again'));
alter table inbox add column replay int not null default 0;
grant update (replay) on inbox to shop_notification;
create index dead_letter_by_time on dead_letter (at, id);
