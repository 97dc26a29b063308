-- The catalogue. Times have milliseconds, as in JavaScript, so that a cursor made from one finds its row again.

create table products (
	id text primary key,
	sku text not null unique,
	name text not null,
	description text not null,
	category text not null,
	price_minor bigint not null check (price_minor > 0),
	currency char(3) not null,
	image_url text,
	archived boolean not null default false,
	version int not null default 1 check (version > 0),
	created_at timestamptz(3) not null default clock_timestamp(),
	updated_at timestamptz(3) not null default clock_timestamp(),
	search tsvector not null generated always as (
		setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')
	) stored
);
create index products_by_search on products using gin (search);
create index products_by_category on products (category) where not archived;
create index products_by_name on products (name, id) where not archived;
create index products_by_price on products (price_minor, id) where not archived;
create index products_by_time on products (created_at desc, id desc) where not archived;

grant select, insert, update on products to shop_product;
