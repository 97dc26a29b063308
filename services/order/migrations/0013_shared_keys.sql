-- Idempotency keys are those of all services now (idempotency/migrations). A key that was used on several routes
-- names the first of these requests.
insert into idempotency.request (principal, key, service, action, request_hash, subject, answer, is_answered, created_at)
select distinct on (principal, key) principal, key, 'shop_orders', action,
	sha256(convert_to(action || ' ' || case action when 'order.place' then '' else order_id::text end, 'UTF8')),
	order_id, answer, true, created_at
from idempotency, lateral (select case route
		when 'POST /orders' then 'order.place'
		when 'POST /orders/{id}/cancel' then 'order.cancel'
		else 'order.return.request'
	end as action) as named
order by principal, key, created_at
on conflict do nothing;
drop table idempotency;
