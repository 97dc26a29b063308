-- One payment per order for ever, and what was paid back of it. The amount and the order of a row never change.

-- The row stands before the provider is called, with all that is needed to ask again under the same key (the id).
-- A row without an amount bars an order that was called off from ever being charged (failed, `voided`).
create table payments (
	id uuid primary key,
	order_id uuid not null unique,
	user_id text,
	amount_minor bigint check (amount_minor > 0),
	currency char(3),
	payment_method text,
	status text not null default 'processing' check (status in ('processing', 'succeeded', 'failed', 'review')),
	provider_ref text,
	failure_code text,
	review_reason text,
	method_brand text,
	method_last4 text,
	refunded_minor bigint not null default 0 check (0 <= refunded_minor and refunded_minor <= amount_minor),
	first_sent_at timestamptz not null default clock_timestamp(),
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	check (num_nonnulls(user_id, amount_minor, currency, payment_method) = 4
		or (status = 'failed' and failure_code = 'voided')),
	check (status <> 'succeeded' or provider_ref is not null),
	check (status <> 'failed' or failure_code is not null),
	check (status <> 'review' or review_reason is not null)
) with (fillfactor = 80);

-- A pending refund's amount is already counted in refunded_minor; a failed one's was given back.
create table refunds (
	id uuid primary key,
	payment_id uuid not null references payments,
	-- 'refund:<idempotency key>' of staff, or 'reverse:<refunded before>' of the saga; the id follows from it.
	purpose text not null,
	-- As it was asked: null is all that is left. Another value under the same purpose is another request.
	requested_minor bigint,
	amount_minor bigint not null check (amount_minor > 0),
	reason text not null,
	requested_by text not null,
	status text not null default 'pending' check (status in ('pending', 'succeeded', 'failed')),
	provider_ref text,
	failure_code text,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	unique (payment_id, purpose),
	check (status <> 'succeeded' or provider_ref is not null)
);
create index refunds_by_payment on refunds (payment_id, created_at);

grant select, insert on all tables in schema payment to shop_payment;
grant update (status, provider_ref, failure_code, review_reason, method_brand, method_last4, refunded_minor, updated_at)
	on payments to shop_payment;
grant update (status, provider_ref, failure_code, updated_at) on refunds to shop_payment;
