-- A standing is what a user may do: their role and whether they are locked. Gateways read, in the order of this number,
-- the accounts whose standing has changed. The lock below gives numbers out in the order of commits, so a reader that
-- has seen one number misses none before it; and it lets only one account at a time leave the active admins.
create sequence standings;
grant usage on sequence standings to shop_users;

alter table users add column standing bigint;
create unique index users_by_standing on users (standing) where standing is not null;
create index users_active_admins on users (id) where role = 'admin' and not locked;

-- Whoever is locked when this runs is known to gateways too. Tokens of users who were demoted just before are not.
update users set standing = nextval('users.standings') where locked;

create function users.number_standing() returns trigger language plpgsql as $$
begin
	perform pg_advisory_xact_lock(hashtext('users.standings'));
	if old.role = 'admin' and not old.locked
		and not exists (select from users.users where role = 'admin' and not locked and id <> old.id)
	then
		raise exception 'the last active admin stays' using errcode = 'check_violation', constraint = 'users_last_admin';
	end if;
	new.standing := nextval('users.standings');
	return new;
end $$;

create trigger number_standing before update of role, locked on users
	for each row when (old.role is distinct from new.role or old.locked is distinct from new.locked)
	execute function users.number_standing();
