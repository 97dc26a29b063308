-- outside a transaction
-- The stock from before the triggers of 0013, which are committed: the shop goes on while it is copied. A row that a
-- trigger has written meanwhile is newer than this statement's.
insert into product.availability (product_id, is_sold_out)
select product_id, on_hand = reserved from product.stock on conflict do nothing;
