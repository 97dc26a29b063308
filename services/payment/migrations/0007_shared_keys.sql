-- Idempotency keys are those of all services now (idempotency/migrations), with the responses to refund requests.
insert into idempotency.request (principal, key, service, action, request_hash, subject, answer, is_answered, created_at)
select distinct on (requested_by, purpose) requested_by, substr(purpose, length('refund:') + 1), 'shop_payment',
	'payment.refund', sha256(convert_to('payment.refund ' || payment_id, 'UTF8')), id, answer, answer is not null, created_at
from refunds where purpose like 'refund:%'
order by requested_by, purpose, created_at
on conflict do nothing;

-- Its request was answered: from then on a refusal of the provider goes to review.
alter table refunds add column is_answered boolean not null default false;
update refunds set is_answered = true where answer is not null;
alter table refunds drop column answer;
grant update (is_answered) on refunds to shop_payment;
