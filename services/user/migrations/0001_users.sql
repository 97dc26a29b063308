-- Accounts. Times have milliseconds, as in JavaScript, so that a cursor made from one finds its row again.

create table users (
	id text primary key,
	email text not null unique check (email = lower(email)),
	name text not null,
	password_hash text not null,
	role text not null check (role in ('customer', 'support', 'admin')),
	locked boolean not null default false,
	version int not null default 1 check (version > 0),
	created_at timestamptz(3) not null default clock_timestamp(),
	updated_at timestamptz(3) not null default clock_timestamp()
);
create index users_by_time on users (created_at desc, id desc);

grant select, insert, update on users to shop_users;
