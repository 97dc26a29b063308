-- When the sweeper asks the provider about a payment or refund again, and how often it has asked.
alter table payments rename column look_at to next_check_at;
alter index payments_to_look_at rename to payments_to_check;
alter table refunds rename column look_at to next_check_at;
alter index refunds_to_look_at rename to refunds_to_check;
alter table refunds rename column looks to checks;
