-- What each line of a payment is worth, which attempt at it is under way, and every change, append-only.

alter table payments
	-- [{product_id, amount}] in minor units, together the amount; null in payments that are older than this column.
	add column lines jsonb,
	-- How often the charge may have been sent. 0: surely never, so it may be sent, or called off, at once.
	add column sends int not null default 1 check (sends >= 0),
	add column sent_at timestamptz not null default clock_timestamp(),
	-- Where the customer has to agree (3-D Secure), and how long the shop waits for that.
	add column action_url text,
	add column action_until timestamptz,
	-- Of its last row in `events`.
	add column seq int not null default 1,
	add check ((action_url is null) = (action_until is null));
update payments set sent_at = first_sent_at, seq = case status when 'processing' then 1 else 2 end;
create index payments_in_review on payments (updated_at, id) where status = 'review';
-- Charged by a call that came when the order was off: it is paid back by itself.
create index payments_charged_though_voided on payments (id) where status = 'succeeded' and failure_code = 'voided';

alter table refunds
	-- [{product_id, amount}]: the parts of the payment's lines that it pays back; empty for payments without lines.
	add column lines jsonb not null default '[]',
	add column review_reason text,
	-- When somebody looks next at what became of it, and how often that was done.
	add column look_at timestamptz not null default clock_timestamp() + interval '10 s',
	add column looks int not null default 0,
	drop constraint refunds_status_check,
	-- `review`: a human must look; still counted in refunded_minor.
	add check (status in ('pending', 'succeeded', 'failed', 'review')),
	add check (status <> 'review' or review_reason is not null);
create index refunds_to_look_at on refunds (look_at) where status = 'pending';
create index refunds_in_review on refunds (updated_at, id) where status = 'review';

-- One row per change of a payment or of one of its refunds, written by the statement that makes the change.
-- No foreign key: it would look up the payment that the same statement has in hand, and payments are never deleted.
create table events (
	payment_id uuid not null,
	seq int not null check (seq > 0),
	type text not null check (type in ('begun', 'action_required', 'succeeded', 'failed', 'review', 'decided',
		'refund_begun', 'refund_succeeded', 'refund_failed', 'refund_review', 'refund_decided')),
	-- What the change is about, in minor units: the charge, or the refund.
	amount_minor bigint not null,
	-- The payment as it then was.
	status text not null,
	refunded_minor bigint not null,
	-- {id, role}; null where the provider or the clock made the change.
	actor jsonb,
	data jsonb not null default '{}',
	at timestamptz not null default clock_timestamp(),
	primary key (payment_id, seq)
);
insert into events (payment_id, seq, type, amount_minor, status, refunded_minor, at)
	select id, 1, 'begun', amount_minor, 'processing', 0, created_at from payments where amount_minor is not null;
insert into events (payment_id, seq, type, amount_minor, status, refunded_minor, at)
	select id, 2, status, amount_minor, status, refunded_minor, updated_at from payments
	where amount_minor is not null and status <> 'processing';

-- Messages of the provider that were heeded, each once.
create table psp_inbox (
	event_id text primary key,
	type text not null,
	payment_id text,
	created_at timestamptz not null,
	received_at timestamptz not null default clock_timestamp()
);

grant select, insert on events, psp_inbox to shop_payment;
grant update (sends, sent_at, first_sent_at, action_url, action_until, seq) on payments to shop_payment;
grant update (review_reason, look_at, looks) on refunds to shop_payment;
