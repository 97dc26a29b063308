-- By which channels a user wants to be told of something; without a row the shop's own choice holds.

create table preferences (
	user_id text not null,
	kind text not null,
	channels text[] not null check (channels <@ array['email', 'sms']),
	updated_at timestamptz not null default clock_timestamp(),
	primary key (user_id, kind)
);

grant select, insert, update, delete on preferences to shop_notification;
