-- Products that are sold, by category: to count them at each request would read all of them. A category without any has
-- no row.
create table category_counts (
	category text primary key,
	products bigint not null
);
-- Once per statement, with the categories in their order, so that two statements do not wait for each other.
create function count_categories() returns trigger
language plpgsql security definer set search_path = product, pg_temp as $$
declare
	gone text[] := '{}';
	added text[] := '{}';
begin
	if tg_op <> 'INSERT' then
		gone := array(select category from former where not archived);
	end if;
	if tg_op <> 'DELETE' then
		added := array(select category from present where not archived);
	end if;
	insert into category_counts (category, products)
	select category, sum(step)
	from (select unnest(added) as category, 1 as step union all select unnest(gone), -1) as change
	group by category having sum(step) <> 0 order by category
	on conflict (category) do update set products = category_counts.products + excluded.products;
	delete from category_counts where products = 0 and category = any (gone);
	return null;
end $$;
-- Triggers come before the count: they wait until no product changes, and let none change until the commit.
create trigger count_categories_of_insert after insert on products
	referencing new table as present for each statement execute function count_categories();
create trigger count_categories_of_update after update on products
	referencing old table as former new table as present for each statement execute function count_categories();
create trigger count_categories_of_delete after delete on products
	referencing old table as former for each statement execute function count_categories();
insert into category_counts (category, products)
select category, count(*) from products where not archived group by category;
grant select on category_counts to shop_product;
