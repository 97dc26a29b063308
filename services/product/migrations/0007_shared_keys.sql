-- Idempotency keys are those of all services now (idempotency/migrations). The response to an adjustment was not
-- stored: a repetition of one from before gets the stock as it is now.
insert into idempotency.request (principal, key, service, action, request_hash, answer, is_answered, created_at)
select distinct on (actor, key) actor, key, 'shop_product', 'product.stock.adjust',
	sha256(convert_to('product.stock.adjust ' || product_id, 'UTF8')),
	json_build_object('product_id', product_id, 'on_hand', on_hand, 'reserved', reserved,
		'available', on_hand - reserved, 'ledger', json_build_array()),
	true, at
from stock_ledger join stock using (product_id)
where key is not null and actor is not null
order by actor, key, at
on conflict do nothing;
alter table stock_ledger drop column key;
