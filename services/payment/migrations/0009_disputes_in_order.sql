-- In the order in which they are shown, so that no plan made while there are none prefers the primary key.
drop index disputes_by_payment;
create index disputes_by_payment on disputes (payment_id, created_at, ref);
