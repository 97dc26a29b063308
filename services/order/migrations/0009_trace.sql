-- The trace of the request that placed an order (W3C traceparent): its events carry it on.
alter table orders add column traceparent text;
