-- Of an order that was cancelled because its customer has too much of a product in unpaid orders: the items that are
-- beyond the limit, as the product service refused them.
alter table orders add column limited_items jsonb;
grant update (limited_items) on orders to shop_orders;
