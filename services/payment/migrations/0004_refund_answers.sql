-- What the request for a refund was first answered, as text: every repetition of it is answered the same.
-- Null: nobody was answered yet, or nobody asked but the shop itself.
alter table refunds add column answer json;
grant update (answer) on refunds to shop_payment;
