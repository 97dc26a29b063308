-- Sums of money are at most 2^53 - 1, which every reader of JSON can hold; a larger sum is that. Windows from before
-- are emitted again with it.
update windows set revenue_minor = 9007199254740991, dirty = true where revenue_minor > 9007199254740991;
update product_sales set revenue_minor = 9007199254740991 where revenue_minor > 9007199254740991;
update reversals set amount_minor = 9007199254740991 where amount_minor > 9007199254740991;
update results set revenue_minor = 9007199254740991, average_minor = least(average_minor, 9007199254740991)
where revenue_minor > 9007199254740991;

alter table windows add constraint windows_revenue_limit check (revenue_minor <= 9007199254740991);
alter table product_sales add constraint product_sales_revenue_limit check (revenue_minor <= 9007199254740991);
alter table reversals add constraint reversals_amount_limit check (amount_minor <= 9007199254740991);
alter table results add constraint results_revenue_limit check (revenue_minor <= 9007199254740991);
