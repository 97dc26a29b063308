-- A SKU is taken while its product is sold, whatever the case of its letters: that of an archived product is free.
-- ICU knows the case of all letters; a server without it knows that of its locale.
do $$
begin
	if exists (select from pg_collation where collname = 'und-x-icu') then
		create unique index products_by_sku on products (lower(normalize(sku, nfkc) collate "und-x-icu")) where not archived;
	else
		create unique index products_by_sku on products (lower(normalize(sku, nfkc))) where not archived;
	end if;
end $$;
alter table products drop constraint products_sku_key;
