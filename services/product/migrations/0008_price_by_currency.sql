-- Prices are compared within one currency: filters and sorts by price name it.
create index products_by_price_in_currency on products (currency, price_minor, id) where not archived;
drop index products_by_price;
