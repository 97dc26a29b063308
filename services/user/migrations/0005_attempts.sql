-- Failed sign-ins and registrations of the current window, by account and network: so many, until a time. Keys are keyed
-- hashes. The library that writes it gives no names of columns, so their order matters. Not logged: a count does not
-- wait for the disk, and a crash of the server or a change to a standby forgets the counts of one window.
create unlogged table attempts (
	key text primary key,
	points int not null,
	-- Milliseconds since 1970, by the clock of the node that began to count.
	expire bigint not null
);
create index attempts_by_expire on attempts (expire);

grant select, insert, update, delete on attempts to shop_users;
