-- A product is noted when it is first sold, in the same transaction. What it is, is asked for afterwards and
-- then stays: a shop whose catalogue is away still adds up.
alter table products
	alter column name drop not null,
	alter column category drop not null,
	add column asked_at timestamptz,
	add check (num_nulls(name, category) in (0, 2));
create index products_unknown on products (asked_at nulls first) where category is null;
grant update (name, category, asked_at) on products to shop_analytics;
