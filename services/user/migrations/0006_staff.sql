-- outside a transaction
-- The users of each role of staff: those who get a message, and the admins that must not be the last.
create index concurrently if not exists users_staff on users (role, id) where role <> 'customer' and not locked;
