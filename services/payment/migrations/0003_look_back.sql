-- When somebody looks next whether a charge came to be although it was called off; null: nobody need look.
alter table payments add column look_at timestamptz;
create index payments_to_look_at on payments (look_at) where status = 'failed' and look_at is not null;
grant update (look_at) on payments to shop_payment;
