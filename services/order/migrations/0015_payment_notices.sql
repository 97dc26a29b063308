-- Changes of payments that no saga made (payment/migrations/0008_provider_changes.sql). Each is recorded once, though
-- it may be read several times.
create table payment_notices (
	id uuid primary key,
	order_id uuid not null references orders,
	recorded_at timestamptz not null default clock_timestamp()
);
grant select, insert on payment_notices to shop_orders;

-- What the order's refund events say that its cancellation has refunded, less what came back.
alter table orders add column refund_reported_minor bigint not null default 0;
update orders set refund_reported_minor = total_minor where status = 'refunded';
grant update (refund_reported_minor) on orders to shop_orders;
