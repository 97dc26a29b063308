-- Refunds and disputes that were made at the provider, and what the order service has to be told of payments.

-- The provider's messages about refunds and disputes name the charge, not the payment.
create index payments_by_provider_ref on payments (provider_ref) where provider_ref is not null;

alter table events drop constraint events_type_check;
alter table events add constraint events_type_check check (type in ('begun', 'action_required', 'succeeded',
	'failed', 'review', 'decided', 'refund_begun', 'refund_succeeded', 'refund_failed', 'refund_review',
	'refund_decided', 'dispute_open', 'dispute_won', 'dispute_lost'));

-- By the provider's reference. One that is decided does not change any more.
create table disputes (
	ref text primary key,
	payment_id uuid not null references payments,
	amount_minor bigint not null check (amount_minor > 0),
	reason text not null,
	status text not null check (status in ('open', 'won', 'lost')),
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp()
);
create index disputes_by_payment on disputes (payment_id);
grant select, insert, update (amount_minor, status, updated_at) on disputes to shop_payment;

-- What changed on a payment and is not known to its order: written with the change, deleted once the order
-- service has recorded it.
create table notices (
	id uuid primary key default gen_random_uuid(),
	position bigint not null generated always as identity unique,
	order_id uuid not null,
	kind text not null check (kind in ('refund_issued', 'refund_failed', 'dispute_opened', 'dispute_closed')),
	data jsonb not null,
	created_at timestamptz not null default clock_timestamp()
);
grant select, insert, delete on notices to shop_payment;
