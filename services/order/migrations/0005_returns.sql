-- Some of what was delivered comes back. The order says that it does; what and how much stands here.
create table returns (
	id uuid primary key,
	order_id uuid not null references orders,
	status text not null default 'requested' check (status in ('requested', 'approved', 'rejected', 'completed')),
	-- Product, quantity and what these units are worth, as agreed when it was asked for.
	items jsonb not null,
	reason text not null,
	note text,
	restock boolean,
	decided_by text,
	refunded_minor bigint check (refunded_minor >= 0),
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	check ((status in ('approved', 'completed')) = (restock is not null)),
	check ((status = 'completed') = (refunded_minor is not null))
);
-- One at a time, so that no unit comes back twice. The saga finds its return by it.
create unique index returns_open on returns (order_id) where status in ('requested', 'approved');
create index returns_by_order on returns (order_id, id);

grant select, insert on returns to shop_orders;
grant update (status, note, restock, decided_by, refunded_minor, updated_at) on returns to shop_orders;

alter table orders drop constraint orders_status_check, add constraint orders_status_check
	check (status in ('pending', 'payment_pending', 'confirmed', 'shipped', 'delivered', 'cancelled', 'payment_failed',
		'payment_review', 'refund_pending', 'refunded', 'return_requested', 'returned', 'return_rejected'));
alter table saga drop constraint saga_step_check, add constraint saga_step_check
	check (step in ('forward', 'refund', 'return'));
