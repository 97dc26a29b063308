-- Idempotency keys are those of all services now (idempotency/migrations). A key that was used on several routes
-- names the first of these requests.
insert into idempotency.request (principal, key, service, action, subject, answer, is_answered, created_at)
select distinct on (principal, key) principal, key, 'shop_orders',
	case route
		when 'POST /orders' then 'order.place'
		when 'POST /orders/{id}/cancel' then 'order.cancel'
		else 'order.return.request'
	end,
	order_id, answer, true, created_at
from idempotency
order by principal, key, created_at
on conflict do nothing;
drop table idempotency;
