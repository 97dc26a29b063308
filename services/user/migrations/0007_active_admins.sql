-- The index of the staff has them.
drop index if exists users_active_admins;
