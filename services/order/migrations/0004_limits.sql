-- A user's open orders are counted while new ones are placed: those that have a saga.
alter table saga add column user_id text;
update saga set user_id = o.user_id from orders o where o.id = order_id;
alter table saga alter column user_id set not null;
create index saga_by_user on saga (user_id);

-- Holds off everyone else who places orders of these users until the end of the transaction, then counts. As a
-- volatile function it sees what they committed while it waited; the statement that calls it does not.
create function open_orders(users text[]) returns table (user_id text, open bigint)
language plpgsql volatile rows 10 as $$
begin
	perform pg_advisory_xact_lock(key) from (
		select hashtextextended(name, 0) as key from unnest(users) as name order by 1) as sorted;
	return query select s.user_id, count(*) from orders.saga s where s.user_id = any (users) group by 1;
end $$;
