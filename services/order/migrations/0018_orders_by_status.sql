-- outside a transaction
-- Staff list orders by status. Updates of the status write to all indexes then, which 18 pairs of bursts of 40 orders
-- could not tell from noise.
create index concurrently if not exists orders_by_status on orders (status, id desc);
