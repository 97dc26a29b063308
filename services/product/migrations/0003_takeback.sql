-- Units that a customer sent back, of orders that stay sold. One row per return and product, for ever: a repeated
-- call meets it. What is counted here cannot exceed what was bought, whoever counts.
create table takeback (
	return_id uuid not null,
	product_id text not null,
	order_id uuid not null,
	quantity bigint not null check (quantity > 0),
	at timestamptz not null default clock_timestamp(),
	primary key (return_id, product_id),
	foreign key (order_id, product_id) references reservation
);
create index takeback_by_order on takeback (order_id, product_id);

alter table reservation add column taken_back bigint not null default 0 check (taken_back between 0 and quantity);
-- An order of which something was taken back can no longer be put back as a whole.
alter table reservation_head add column taken_back boolean not null default false;

alter table stock_ledger add column return_id uuid;
alter table stock_ledger drop constraint stock_ledger_reason_check;
alter table stock_ledger add constraint stock_ledger_reason_check check (reason in ('initial', 'adjusted', 'reserved',
	'sold', 'released', 'expired', 'returned', 'taken_back') and (reason = 'taken_back') = (return_id is not null));
drop index stock_ledger_by_order;
create unique index stock_ledger_by_order on stock_ledger (order_id, product_id, reason)
	where order_id is not null and return_id is null;
create unique index stock_ledger_by_return on stock_ledger (return_id, product_id) where return_id is not null;

grant select, insert on takeback to shop_product;
grant update (taken_back) on reservation to shop_product;
