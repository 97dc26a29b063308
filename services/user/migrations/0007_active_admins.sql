-- The index of the staff has them.
drop index users_active_admins;
