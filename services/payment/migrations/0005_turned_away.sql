-- The last attempt at the charge was turned away (429): it did nothing, and may be made again from then on.
alter table payments add column resend_at timestamptz;
grant update (resend_at) on payments to shop_payment;
