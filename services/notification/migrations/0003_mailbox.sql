-- What would have been sent, where nothing leaves the machine. It holds names and addresses, so of the newest only.

create table mailbox (
	-- Of the message: one that comes again is kept once.
	id uuid primary key,
	seq bigint generated always as identity unique,
	channel text not null check (channel in ('email', 'sms')),
	recipient text not null,
	-- What it tells of.
	type text not null,
	order_id uuid,
	-- A text message has neither.
	subject text check ((subject is not null) = (channel = 'email')),
	html text check ((html is not null) = (channel = 'email')),
	body text not null,
	received_at timestamptz(3) not null default clock_timestamp()
);

grant select, insert, delete on mailbox to shop_notification;
