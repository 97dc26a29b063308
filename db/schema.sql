-- The sum of all migrations, to be read and compared, not run.
-- Written by: npm run generate

create schema analytics;
grant usage on schema analytics to shop_analytics;

create schema idempotency;
grant usage on schema idempotency to shop_orders;
grant usage on schema idempotency to shop_payment;
grant usage on schema idempotency to shop_product;

create schema notification;
grant usage on schema notification to shop_notification;

create schema orders;
grant usage on schema orders to shop_orders;

create schema payment;
grant usage on schema payment to shop_payment;

create schema product;
grant usage on schema product to shop_product;

create schema streams;
grant usage on schema streams to shop_analytics;
grant usage on schema streams to shop_notification;
grant usage on schema streams to shop_orders;
grant usage on schema streams to shop_product;
grant usage on schema streams to shop_streams;
grant usage on schema streams to shop_webhook;

create schema users;
grant usage on schema users to shop_users;

create schema webhook;
grant usage on schema webhook to shop_webhook;

create table analytics.dead_letter (
	id uuid not null default gen_random_uuid(),
	topic text not null,
	partition integer not null,
	offset bigint not null,
	key text,
	value bytea not null,
	headers jsonb not null,
	reason text not null,
	detail text not null,
	attempts integer not null,
	at timestamp(3) with time zone not null default clock_timestamp(),
	redriven_at timestamp with time zone,
	log integer not null default 0,
	constraint dead_letter_pkey PRIMARY KEY (topic, partition, "offset", log),
	constraint dead_letter_id_key UNIQUE (id)
);
CREATE INDEX dead_letter_by_time ON analytics.dead_letter USING btree (at, id);
CREATE INDEX dead_letter_waiting ON analytics.dead_letter USING btree (at) WHERE (redriven_at IS NULL);
grant insert, select, update on analytics.dead_letter to shop_analytics;

create table analytics.inbox (
	event_id uuid not null,
	at timestamp with time zone not null default clock_timestamp(),
	replay integer not null default 0,
	constraint inbox_pkey PRIMARY KEY (event_id)
);
grant insert, select on analytics.inbox to shop_analytics;
grant update (replay) on analytics.inbox to shop_analytics;

create table analytics.late_events (
	event_id uuid not null,
	type text not null,
	window_start timestamp with time zone not null,
	currency character(3) not null,
	amount_minor bigint not null,
	seen_at timestamp with time zone not null default clock_timestamp(),
	constraint late_events_pkey PRIMARY KEY (event_id)
);
CREATE INDEX late_events_by_window ON analytics.late_events USING btree (window_start);
grant insert, select on analytics.late_events to shop_analytics;

create table analytics.outbox (
	id bigint not null generated always as identity,
	topic text not null,
	key text not null,
	value text not null,
	created_at timestamp with time zone not null default clock_timestamp(),
	published_at timestamp with time zone,
	constraint outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX outbox_published ON analytics.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);
CREATE INDEX outbox_unpublished ON analytics.outbox USING btree (id) WHERE (published_at IS NULL);
grant insert, select on analytics.outbox to shop_analytics;
grant update (published_at) on analytics.outbox to shop_analytics;

create table analytics.partitions (
	topic text not null,
	partition integer not null,
	next_offset bigint not null,
	end_offset bigint not null,
	seen_until timestamp with time zone,
	heard_at timestamp with time zone not null default clock_timestamp(),
	constraint partitions_pkey PRIMARY KEY (topic, partition)
) with (fillfactor=50);
grant insert, select, update on analytics.partitions to shop_analytics;

create table analytics.position (
	topic text not null,
	partition integer not null,
	next_offset bigint not null,
	at timestamp with time zone not null default clock_timestamp(),
	replay integer not null default 0,
	replay_from bigint,
	replay_until bigint,
	replay_floor timestamp with time zone,
	replay_mode text,
	lost_at timestamp with time zone,
	log integer not null default 0,
	log_start bigint not null default 0,
	log_since timestamp with time zone,
	constraint position_pkey PRIMARY KEY (topic, partition),
	constraint position_replay_mode_check CHECK ((replay_mode = ANY (ARRAY['missing'::text, 'quiet'::text, 'again'::text])))
) with (fillfactor=50);
grant insert, select, update on analytics."position" to shop_analytics;

create table analytics.product_sales (
	window_start timestamp with time zone not null,
	currency character(3) not null,
	product_id text not null,
	orders integer not null,
	units integer not null,
	revenue_minor bigint not null,
	constraint product_sales_pkey PRIMARY KEY (window_start, currency, product_id),
	constraint product_sales_revenue_limit CHECK ((revenue_minor <= '9007199254740991'::bigint))
) with (fillfactor=70);
grant insert, select, update on analytics.product_sales to shop_analytics;

create table analytics.products (
	id text not null,
	name text,
	category text,
	seen_at timestamp with time zone not null default clock_timestamp(),
	asked_at timestamp with time zone,
	constraint products_pkey PRIMARY KEY (id),
	constraint products_check CHECK ((num_nulls(name, category) = ANY (ARRAY[0, 2])))
);
CREATE INDEX products_unknown ON analytics.products USING btree (asked_at NULLS FIRST) WHERE (category IS NULL);
grant insert, select on analytics.products to shop_analytics;
grant update (asked_at, category, name) on analytics.products to shop_analytics;

create table analytics.relay_lease (
	is_only boolean not null default true,
	fence bigint not null default 0,
	lease_until timestamp with time zone,
	pid integer,
	backend_start timestamp with time zone,
	constraint relay_lease_pkey PRIMARY KEY (is_only),
	constraint relay_lease_is_only_check CHECK (is_only)
) with (fillfactor=50);
grant select on analytics.relay_lease to shop_analytics;
grant update (backend_start, fence, lease_until, pid) on analytics.relay_lease to shop_analytics;

create table analytics.results (
	window_start timestamp with time zone not null,
	currency character(3) not null,
	orders integer not null,
	revenue_minor bigint not null,
	unique_users integer not null,
	average_minor bigint not null,
	revision integer not null,
	final boolean not null,
	seq bigint not null default nextval('analytics.result_seq'::regclass),
	emitted_at timestamp with time zone not null default clock_timestamp(),
	constraint results_pkey PRIMARY KEY (window_start, currency),
	constraint results_seq_key UNIQUE (seq),
	constraint results_revenue_limit CHECK ((revenue_minor <= '9007199254740991'::bigint))
) with (fillfactor=70);
grant insert, select, update on analytics.results to shop_analytics;

create table analytics.reversals (
	window_start timestamp with time zone not null,
	currency character(3) not null,
	type text not null,
	orders integer not null,
	amount_minor bigint not null,
	constraint reversals_pkey PRIMARY KEY (window_start, currency, type),
	constraint reversals_amount_limit CHECK ((amount_minor <= '9007199254740991'::bigint)),
	constraint reversals_type_check CHECK ((type = ANY (ARRAY['cancelled'::text, 'refunded'::text, 'returned'::text])))
) with (fillfactor=70);
grant insert, select, update on analytics.reversals to shop_analytics;

create table analytics.watermarks (
	topic text not null,
	watermark timestamp with time zone not null,
	constraint watermarks_pkey PRIMARY KEY (topic)
) with (fillfactor=50);
grant insert, select, update on analytics.watermarks to shop_analytics;

create table analytics.window_users (
	window_start timestamp with time zone not null,
	currency character(3) not null,
	user_id text not null,
	constraint window_users_pkey PRIMARY KEY (window_start, currency, user_id)
);
grant delete, insert, select on analytics.window_users to shop_analytics;

create table analytics.windows (
	window_start timestamp with time zone not null,
	currency character(3) not null,
	orders integer not null,
	revenue_minor bigint not null,
	unique_users integer not null,
	revision integer not null default 0,
	dirty boolean not null default true,
	final boolean not null default false,
	emitted_at timestamp with time zone,
	constraint windows_pkey PRIMARY KEY (window_start, currency),
	constraint windows_check CHECK (((unique_users >= 0) AND (unique_users <= orders))),
	constraint windows_orders_check CHECK ((orders >= 0)),
	constraint windows_revenue_limit CHECK ((revenue_minor <= '9007199254740991'::bigint)),
	constraint windows_revenue_minor_check CHECK ((revenue_minor >= 0))
) with (fillfactor=50);
CREATE INDEX windows_due ON analytics.windows USING btree (window_start) WHERE (dirty OR (NOT final));
grant insert, select, update on analytics.windows to shop_analytics;

create table idempotency.request (
	principal text not null,
	key text not null,
	service text not null default CURRENT_USER,
	action text not null,
	request_hash bytea not null,
	subject uuid,
	answer json,
	is_answered boolean not null,
	created_at timestamp with time zone not null default clock_timestamp(),
	constraint request_pkey PRIMARY KEY (principal, key),
	constraint request_check CHECK (((answer IS NOT NULL) OR (NOT is_answered)))
) with (fillfactor=80);
alter table idempotency.request enable row level security;
create policy answer_once on idempotency.request for update using ((service = CURRENT_USER) AND (NOT is_answered)) with check (service = CURRENT_USER);
create policy insert_own on idempotency.request for insert with check (service = CURRENT_USER);
create policy read_own on idempotency.request for select using (service = CURRENT_USER);
grant insert, select on idempotency.request to shop_orders;
grant insert, select on idempotency.request to shop_payment;
grant insert, select on idempotency.request to shop_product;
grant update (answer, is_answered) on idempotency.request to shop_orders;
grant update (answer, is_answered) on idempotency.request to shop_payment;
grant update (answer, is_answered) on idempotency.request to shop_product;

create table notification.dead_letter (
	id uuid not null default gen_random_uuid(),
	topic text not null,
	partition integer not null,
	offset bigint not null,
	key text,
	value bytea not null,
	headers jsonb not null,
	reason text not null,
	detail text not null,
	attempts integer not null,
	at timestamp(3) with time zone not null default clock_timestamp(),
	redriven_at timestamp with time zone,
	log integer not null default 0,
	constraint dead_letter_pkey PRIMARY KEY (topic, partition, "offset", log),
	constraint dead_letter_id_key UNIQUE (id)
);
CREATE INDEX dead_letter_by_time ON notification.dead_letter USING btree (at, id);
CREATE INDEX dead_letter_waiting ON notification.dead_letter USING btree (at) WHERE (redriven_at IS NULL);
grant insert, select, update on notification.dead_letter to shop_notification;

create table notification.inbox (
	event_id uuid not null,
	at timestamp with time zone not null default clock_timestamp(),
	replay integer not null default 0,
	constraint inbox_pkey PRIMARY KEY (event_id)
);
CREATE INDEX inbox_void ON notification.inbox USING btree (event_id) WHERE (replay = 2147483647);
grant insert, select on notification.inbox to shop_notification;
grant update (replay) on notification.inbox to shop_notification;

create table notification.mailbox (
	id uuid not null,
	seq bigint not null generated always as identity,
	channel text not null,
	recipient text not null,
	type text not null,
	order_id uuid,
	subject text,
	html text,
	body text not null,
	received_at timestamp(3) with time zone not null default clock_timestamp(),
	constraint mailbox_pkey PRIMARY KEY (id),
	constraint mailbox_seq_key UNIQUE (seq),
	constraint mailbox_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text]))),
	constraint mailbox_check CHECK (((subject IS NOT NULL) = (channel = 'email'::text))),
	constraint mailbox_check1 CHECK (((html IS NOT NULL) = (channel = 'email'::text)))
);
grant delete, insert, select on notification.mailbox to shop_notification;

create table notification.notifications (
	id uuid not null,
	event_id uuid not null,
	channel text not null,
	kind text not null,
	user_id text,
	order_id uuid,
	fact jsonb not null,
	occurred_at timestamp(3) with time zone not null,
	state text not null default 'pending'::text,
	attempts integer not null default 0,
	resends integer not null default 0,
	reason text,
	provider_id text,
	due_at timestamp with time zone default clock_timestamp(),
	lease_until timestamp with time zone,
	fence integer not null default 0,
	sent_at timestamp(3) with time zone,
	created_at timestamp(3) with time zone not null default clock_timestamp(),
	updated_at timestamp(3) with time zone not null default clock_timestamp(),
	constraint notifications_pkey PRIMARY KEY (id),
	constraint notifications_event_id_channel_key UNIQUE (event_id, channel),
	constraint notifications_attempts_check CHECK ((attempts >= 0)),
	constraint notifications_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'sns_topic'::text]))),
	constraint notifications_check CHECK (((provider_id IS NOT NULL) = (state = 'sent'::text))),
	constraint notifications_check1 CHECK (((due_at IS NOT NULL) = (state = 'pending'::text))),
	constraint notifications_resends_check CHECK ((resends >= 0)),
	constraint notifications_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'sent'::text, 'skipped'::text, 'parked'::text])))
);
CREATE INDEX notifications_by_time ON notification.notifications USING btree (occurred_at DESC, id DESC);
CREATE INDEX notifications_by_user ON notification.notifications USING btree (user_id, occurred_at DESC, id DESC);
CREATE INDEX notifications_due_by_channel ON notification.notifications USING btree (channel, due_at) WHERE (state = 'pending'::text);
grant delete, insert, select on notification.notifications to shop_notification;
grant update (attempts, due_at, fence, lease_until, provider_id, reason, resends, sent_at, state, updated_at) on notification.notifications to shop_notification;

create table notification.position (
	topic text not null,
	partition integer not null,
	next_offset bigint not null,
	at timestamp with time zone not null default clock_timestamp(),
	replay integer not null default 0,
	replay_from bigint,
	replay_until bigint,
	replay_floor timestamp with time zone,
	replay_mode text,
	lost_at timestamp with time zone,
	log integer not null default 0,
	log_start bigint not null default 0,
	log_since timestamp with time zone,
	constraint position_pkey PRIMARY KEY (topic, partition),
	constraint position_replay_mode_check CHECK ((replay_mode = ANY (ARRAY['missing'::text, 'quiet'::text, 'again'::text])))
) with (fillfactor=50);
grant insert, select, update on notification."position" to shop_notification;

create table notification.preferences (
	user_id text not null,
	kind text not null,
	channels text[] not null,
	updated_at timestamp with time zone not null default clock_timestamp(),
	constraint preferences_pkey PRIMARY KEY (user_id, kind),
	constraint preferences_channels_check CHECK ((channels <@ ARRAY['email'::text, 'sms'::text]))
);
grant delete, insert, select, update on notification.preferences to shop_notification;

create table orders.history (
	order_id uuid not null,
	version integer not null,
	type text not null,
	from_status text,
	to_status text not null,
	reason text,
	actor jsonb not null,
	at timestamp with time zone not null default clock_timestamp(),
	snapshot json not null,
	hash bytea not null,
	constraint history_pkey PRIMARY KEY (order_id, version)
);
grant insert, select on orders.history to shop_orders;

create unlogged table orders.incarnation (
	one boolean not null default true,
	id uuid not null default gen_random_uuid(),
	constraint incarnation_pkey PRIMARY KEY (one),
	constraint incarnation_one_check CHECK (one)
);
grant insert, select on orders.incarnation to shop_orders;

create table orders.orders (
	id uuid not null,
	user_id text not null,
	status text not null,
	reason text,
	items jsonb not null,
	shipping_address jsonb not null,
	payment_method text not null,
	currency character(3) not null,
	subtotal_minor bigint not null,
	shipping_minor bigint not null,
	tax_minor bigint not null,
	total_minor bigint not null,
	shipment jsonb,
	version integer not null default 1,
	created_at timestamp with time zone not null default clock_timestamp(),
	updated_at timestamp with time zone not null default clock_timestamp(),
	history_hash bytea not null,
	traceparent text,
	refund_reported_minor bigint not null default 0,
	limited_items jsonb,
	constraint orders_pkey PRIMARY KEY (id),
	constraint orders_check CHECK (((total_minor > 0) AND (total_minor = ((subtotal_minor + shipping_minor) + tax_minor)))),
	constraint orders_shipping_minor_check CHECK ((shipping_minor >= 0)),
	constraint orders_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'payment_pending'::text, 'confirmed'::text, 'shipped'::text, 'delivered'::text, 'cancelled'::text, 'payment_failed'::text, 'payment_review'::text, 'refund_pending'::text, 'refunded'::text, 'return_requested'::text, 'returned'::text, 'return_rejected'::text]))),
	constraint orders_subtotal_minor_check CHECK ((subtotal_minor >= 0)),
	constraint orders_tax_minor_check CHECK ((tax_minor >= 0)),
	constraint orders_version_check CHECK ((version > 0))
) with (fillfactor=70);
CREATE INDEX orders_by_status ON orders.orders USING btree (status, id DESC);
CREATE INDEX orders_by_user ON orders.orders USING btree (user_id, id DESC);
grant insert, select on orders.orders to shop_orders;
grant update (history_hash, limited_items, reason, refund_reported_minor, shipment, status, updated_at, version) on orders.orders to shop_orders;

create table orders.outbox (
	id bigint not null generated always as identity,
	event_id uuid not null default gen_random_uuid(),
	epoch integer not null default 1,
	order_id uuid not null,
	user_id text not null,
	version integer not null,
	type text not null,
	occurred_at timestamp with time zone not null default clock_timestamp(),
	payload jsonb not null,
	published_at timestamp with time zone,
	quiet boolean not null default false,
	constraint outbox_pkey PRIMARY KEY (id),
	constraint outbox_event_id_key UNIQUE (event_id),
	constraint outbox_order_id_version_key UNIQUE (order_id, version)
);
CREATE INDEX outbox_published ON orders.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);
CREATE INDEX outbox_quiet ON orders.outbox USING btree (occurred_at) WHERE quiet;
CREATE INDEX outbox_unpublished ON orders.outbox USING btree (id) WHERE ((published_at IS NULL) AND (NOT quiet));
grant insert, select on orders.outbox to shop_orders;
grant update (published_at) on orders.outbox to shop_orders;

create table orders.outbox_archive (
	id bigint not null,
	event_id uuid not null default gen_random_uuid(),
	epoch integer not null default 1,
	order_id uuid not null,
	user_id text not null,
	version integer not null,
	type text not null,
	occurred_at timestamp with time zone not null default clock_timestamp(),
	payload jsonb not null,
	published_at timestamp with time zone,
	quiet boolean not null default false,
	constraint outbox_archive_pkey PRIMARY KEY (id)
);
CREATE INDEX outbox_archive_occurred ON orders.outbox_archive USING brin (occurred_at);
CREATE INDEX outbox_archive_order ON orders.outbox_archive USING btree (order_id, version);
grant select on orders.outbox_archive to shop_orders;

create table orders.payment_notices (
	id uuid not null,
	order_id uuid not null,
	recorded_at timestamp with time zone not null default clock_timestamp(),
	constraint payment_notices_pkey PRIMARY KEY (id),
	constraint payment_notices_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id)
);
grant insert, select on orders.payment_notices to shop_orders;

create table orders.relay_lease (
	is_only boolean not null default true,
	fence bigint not null default 0,
	lease_until timestamp with time zone,
	pid integer,
	backend_start timestamp with time zone,
	constraint relay_lease_pkey PRIMARY KEY (is_only),
	constraint relay_lease_is_only_check CHECK (is_only)
) with (fillfactor=50);
grant select on orders.relay_lease to shop_orders;
grant update (backend_start, fence, lease_until, pid) on orders.relay_lease to shop_orders;

create table orders.returns (
	id uuid not null,
	order_id uuid not null,
	status text not null default 'requested'::text,
	items jsonb not null,
	reason text not null,
	note text,
	restock boolean,
	decided_by text,
	refunded_minor bigint,
	created_at timestamp with time zone not null default clock_timestamp(),
	updated_at timestamp with time zone not null default clock_timestamp(),
	constraint returns_pkey PRIMARY KEY (id),
	constraint returns_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id),
	constraint returns_check CHECK (((status = ANY (ARRAY['approved'::text, 'completed'::text])) = (restock IS NOT NULL))),
	constraint returns_check1 CHECK (((status = 'completed'::text) = (refunded_minor IS NOT NULL))),
	constraint returns_refunded_minor_check CHECK ((refunded_minor >= 0)),
	constraint returns_status_check CHECK ((status = ANY (ARRAY['requested'::text, 'approved'::text, 'rejected'::text, 'completed'::text])))
);
CREATE INDEX returns_by_order ON orders.returns USING btree (order_id, id);
CREATE UNIQUE INDEX returns_open ON orders.returns USING btree (order_id) WHERE (status = ANY (ARRAY['requested'::text, 'approved'::text]));
grant insert, select on orders.returns to shop_orders;
grant update (decided_by, note, refunded_minor, restock, status, updated_at) on orders.returns to shop_orders;

create table orders.saga (
	order_id uuid not null,
	step text not null,
	attempt integer not null default 0,
	next_run_at timestamp with time zone not null default now(),
	lease_owner text,
	lease_until timestamp with time zone,
	fence bigint not null default 1,
	cancel_requested boolean not null default false,
	cancel_reason text,
	cancel_actor jsonb,
	last_error text,
	waits_for text,
	user_id text not null,
	constraint saga_pkey PRIMARY KEY (order_id),
	constraint saga_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id),
	constraint saga_step_check CHECK ((step = ANY (ARRAY['forward'::text, 'refund'::text, 'return'::text]))),
	constraint saga_waits_for_check CHECK ((waits_for = ANY (ARRAY['fault'::text, 'outcome'::text, 'customer'::text, 'refund'::text, 'human'::text])))
) with (fillfactor=70);
CREATE INDEX saga_by_user ON orders.saga USING btree (user_id);
CREATE INDEX saga_due ON orders.saga USING btree (next_run_at);
grant delete, insert, select, update on orders.saga to shop_orders;

create table orders.voided (
	event_id uuid not null,
	epoch integer not null,
	order_id uuid not null,
	user_id text not null,
	version integer not null,
	type text not null,
	occurred_at timestamp with time zone not null,
	total_minor bigint not null,
	currency character(3) not null,
	at timestamp with time zone not null default clock_timestamp(),
	constraint voided_pkey PRIMARY KEY (event_id)
);
grant select on orders.voided to shop_orders;

create table payment.disputes (
	ref text not null,
	payment_id uuid not null,
	amount_minor bigint not null,
	reason text not null,
	status text not null,
	created_at timestamp with time zone not null default clock_timestamp(),
	updated_at timestamp with time zone not null default clock_timestamp(),
	constraint disputes_pkey PRIMARY KEY (ref),
	constraint disputes_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payment.payments(id),
	constraint disputes_amount_minor_check CHECK ((amount_minor > 0)),
	constraint disputes_status_check CHECK ((status = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text])))
);
CREATE INDEX disputes_by_payment ON payment.disputes USING btree (payment_id, created_at, ref);
grant insert, select on payment.disputes to shop_payment;
grant update (amount_minor, status, updated_at) on payment.disputes to shop_payment;

create table payment.events (
	payment_id uuid not null,
	seq integer not null,
	type text not null,
	amount_minor bigint not null,
	status text not null,
	refunded_minor bigint not null,
	actor jsonb,
	data jsonb not null default '{}'::jsonb,
	at timestamp with time zone not null default clock_timestamp(),
	constraint events_pkey PRIMARY KEY (payment_id, seq),
	constraint events_seq_check CHECK ((seq > 0)),
	constraint events_type_check CHECK ((type = ANY (ARRAY['begun'::text, 'action_required'::text, 'succeeded'::text, 'failed'::text, 'review'::text, 'decided'::text, 'refund_begun'::text, 'refund_succeeded'::text, 'refund_failed'::text, 'refund_review'::text, 'refund_decided'::text, 'dispute_open'::text, 'dispute_won'::text, 'dispute_lost'::text])))
);
grant insert, select on payment.events to shop_payment;

create table payment.notices (
	id uuid not null default gen_random_uuid(),
	position bigint not null generated always as identity,
	order_id uuid not null,
	kind text not null,
	data jsonb not null,
	created_at timestamp with time zone not null default clock_timestamp(),
	constraint notices_pkey PRIMARY KEY (id),
	constraint notices_position_key UNIQUE ("position"),
	constraint notices_kind_check CHECK ((kind = ANY (ARRAY['refund_issued'::text, 'refund_failed'::text, 'dispute_opened'::text, 'dispute_closed'::text])))
);
grant delete, insert, select on payment.notices to shop_payment;

create table payment.payments (
	id uuid not null,
	order_id uuid not null,
	user_id text,
	amount_minor bigint,
	currency character(3),
	payment_method text,
	status text not null default 'processing'::text,
	provider_ref text,
	failure_code text,
	review_reason text,
	method_brand text,
	method_last4 text,
	refunded_minor bigint not null default 0,
	first_sent_at timestamp with time zone not null default clock_timestamp(),
	created_at timestamp with time zone not null default clock_timestamp(),
	updated_at timestamp with time zone not null default clock_timestamp(),
	lines jsonb,
	sends integer not null default 1,
	sent_at timestamp with time zone not null default clock_timestamp(),
	action_url text,
	action_until timestamp with time zone,
	seq integer not null default 1,
	next_check_at timestamp with time zone,
	resend_at timestamp with time zone,
	constraint payments_pkey PRIMARY KEY (id),
	constraint payments_order_id_key UNIQUE (order_id),
	constraint payments_amount_minor_check CHECK ((amount_minor > 0)),
	constraint payments_check CHECK (((0 <= refunded_minor) AND (refunded_minor <= amount_minor))),
	constraint payments_check1 CHECK (((num_nonnulls(user_id, amount_minor, currency, payment_method) = 4) OR ((status = 'failed'::text) AND (failure_code = 'voided'::text)))),
	constraint payments_check2 CHECK (((status <> 'succeeded'::text) OR (provider_ref IS NOT NULL))),
	constraint payments_check3 CHECK (((status <> 'failed'::text) OR (failure_code IS NOT NULL))),
	constraint payments_check4 CHECK (((status <> 'review'::text) OR (review_reason IS NOT NULL))),
	constraint payments_check5 CHECK (((action_url IS NULL) = (action_until IS NULL))),
	constraint payments_sends_check CHECK ((sends >= 0)),
	constraint payments_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'succeeded'::text, 'failed'::text, 'review'::text])))
) with (fillfactor=80);
CREATE INDEX payments_by_provider_ref ON payment.payments USING btree (provider_ref) WHERE (provider_ref IS NOT NULL);
CREATE INDEX payments_charged_though_voided ON payment.payments USING btree (id) WHERE ((status = 'succeeded'::text) AND (failure_code = 'voided'::text));
CREATE INDEX payments_in_review ON payment.payments USING btree (updated_at, id) WHERE (status = 'review'::text);
CREATE INDEX payments_to_check ON payment.payments USING btree (next_check_at) WHERE ((status = 'failed'::text) AND (next_check_at IS NOT NULL));
grant insert, select on payment.payments to shop_payment;
grant update (action_until, action_url, failure_code, first_sent_at, method_brand, method_last4, next_check_at, provider_ref, refunded_minor, resend_at, review_reason, sends, sent_at, seq, status, updated_at) on payment.payments to shop_payment;

create table payment.psp_inbox (
	event_id text not null,
	type text not null,
	payment_id text,
	created_at timestamp with time zone not null,
	received_at timestamp with time zone not null default clock_timestamp(),
	constraint psp_inbox_pkey PRIMARY KEY (event_id)
);
grant insert, select on payment.psp_inbox to shop_payment;

create table payment.refunds (
	id uuid not null,
	payment_id uuid not null,
	purpose text not null,
	requested_minor bigint,
	amount_minor bigint not null,
	reason text not null,
	requested_by text not null,
	status text not null default 'pending'::text,
	provider_ref text,
	failure_code text,
	created_at timestamp with time zone not null default clock_timestamp(),
	updated_at timestamp with time zone not null default clock_timestamp(),
	lines jsonb not null default '[]'::jsonb,
	review_reason text,
	next_check_at timestamp with time zone not null default (clock_timestamp() + '00:00:10'::interval),
	checks integer not null default 0,
	is_answered boolean not null default false,
	constraint refunds_pkey PRIMARY KEY (id),
	constraint refunds_payment_id_purpose_key UNIQUE (payment_id, purpose),
	constraint refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payment.payments(id),
	constraint refunds_amount_minor_check CHECK ((amount_minor > 0)),
	constraint refunds_check CHECK (((status <> 'succeeded'::text) OR (provider_ref IS NOT NULL))),
	constraint refunds_check1 CHECK (((status <> 'review'::text) OR (review_reason IS NOT NULL))),
	constraint refunds_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'succeeded'::text, 'failed'::text, 'review'::text])))
);
CREATE INDEX refunds_by_payment ON payment.refunds USING btree (payment_id, created_at);
CREATE INDEX refunds_in_review ON payment.refunds USING btree (updated_at, id) WHERE (status = 'review'::text);
CREATE INDEX refunds_to_check ON payment.refunds USING btree (next_check_at) WHERE (status = 'pending'::text);
grant insert, select on payment.refunds to shop_payment;
grant update (checks, failure_code, is_answered, next_check_at, provider_ref, review_reason, status, updated_at) on payment.refunds to shop_payment;

create table product.availability (
	product_id text not null,
	is_sold_out boolean not null,
	constraint availability_pkey PRIMARY KEY (product_id)
);
CREATE INDEX availability_by_state ON product.availability USING btree (is_sold_out, product_id);
grant select on product.availability to shop_product;

create table product.category_counts (
	category text not null,
	products bigint not null,
	constraint category_counts_pkey PRIMARY KEY (category)
);
grant select on product.category_counts to shop_product;

create table product.outbox (
	id bigint not null generated always as identity,
	event_id uuid not null default gen_random_uuid(),
	product_id text not null,
	type text not null,
	occurred_at timestamp with time zone not null default clock_timestamp(),
	payload jsonb not null,
	taken_at timestamp with time zone,
	published_at timestamp with time zone,
	constraint outbox_pkey PRIMARY KEY (id),
	constraint outbox_event_id_key UNIQUE (event_id)
);
CREATE INDEX outbox_published ON product.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);
CREATE INDEX outbox_unpublished ON product.outbox USING btree (id) WHERE (published_at IS NULL);
grant insert, select on product.outbox to shop_product;
grant update (published_at, taken_at) on product.outbox to shop_product;

create table product.products (
	id text not null,
	sku text not null,
	name text not null,
	description text not null,
	category text not null,
	price_minor bigint not null,
	currency character(3) not null,
	image_url text,
	archived boolean not null default false,
	version integer not null default 1,
	created_at timestamp(3) with time zone not null default clock_timestamp(),
	updated_at timestamp(3) with time zone not null default clock_timestamp(),
	language text not null default 'english'::text,
	search_text text not null generated always as (product.search_text((name COLLATE "C"), (sku COLLATE "C"), (description COLLATE "C"))) stored,
	search_words tsvector not null generated always as ((setweight(product.search_words((language COLLATE "C"), (name COLLATE "C")), 'A'::"char") || setweight(product.search_words((language COLLATE "C"), (description COLLATE "C")), 'B'::"char"))) stored,
	search_runs tsvector not null generated always as (array_to_tsvector(product.search_runs(product.search_text((name COLLATE "C"), (sku COLLATE "C"), (description COLLATE "C"))))) stored,
	constraint products_pkey PRIMARY KEY (id),
	constraint products_price_minor_check CHECK ((price_minor > 0)),
	constraint products_version_check CHECK ((version > 0))
);
CREATE INDEX products_by_category ON product.products USING btree (category) WHERE (NOT archived);
CREATE INDEX products_by_name ON product.products USING btree (name, id) WHERE (NOT archived);
CREATE INDEX products_by_price_in_currency ON product.products USING btree (currency, price_minor, id) WHERE (NOT archived);
CREATE INDEX products_by_runs ON product.products USING gin (search_runs);
CREATE UNIQUE INDEX products_by_sku ON product.products USING btree (product.fold_case(sku)) WHERE (NOT archived);
CREATE INDEX products_by_time ON product.products USING btree (created_at DESC, id DESC) WHERE (NOT archived);
CREATE INDEX products_by_words ON product.products USING gin (search_words);
CREATE TRIGGER count_categories_of_delete AFTER DELETE ON product.products REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION product.count_categories();
CREATE TRIGGER count_categories_of_insert AFTER INSERT ON product.products REFERENCING NEW TABLE AS present FOR EACH STATEMENT EXECUTE FUNCTION product.count_categories();
CREATE TRIGGER count_categories_of_update AFTER UPDATE ON product.products REFERENCING OLD TABLE AS former NEW TABLE AS present FOR EACH STATEMENT EXECUTE FUNCTION product.count_categories();
grant insert, select, update on product.products to shop_product;

create table product.relay_lease (
	is_only boolean not null default true,
	fence bigint not null default 0,
	lease_until timestamp with time zone,
	pid integer,
	backend_start timestamp with time zone,
	constraint relay_lease_pkey PRIMARY KEY (is_only),
	constraint relay_lease_is_only_check CHECK (is_only)
) with (fillfactor=50);
grant select on product.relay_lease to shop_product;
grant update (backend_start, fence, lease_until, pid) on product.relay_lease to shop_product;

create table product.reservation (
	order_id uuid not null,
	product_id text not null,
	quantity bigint not null,
	restocked bigint not null default 0,
	constraint reservation_pkey PRIMARY KEY (order_id, product_id),
	constraint reservation_check CHECK (((restocked >= 0) AND (restocked <= quantity))),
	constraint reservation_quantity_check CHECK ((quantity > 0))
);
grant insert, select on product.reservation to shop_product;
grant update (restocked) on product.reservation to shop_product;

create table product.reservation_head (
	order_id uuid not null,
	state text not null,
	expires_at timestamp with time zone,
	updated_at timestamp with time zone not null default clock_timestamp(),
	has_restocks boolean not null default false,
	user_id text,
	limited_items jsonb,
	constraint reservation_head_pkey PRIMARY KEY (order_id),
	constraint reservation_head_check CHECK (((expires_at IS NOT NULL) = (state = 'held'::text))),
	constraint reservation_head_check1 CHECK (((limited_items IS NOT NULL) = (state = 'reservation_limit'::text))),
	constraint reservation_head_state_check CHECK ((state = ANY (ARRAY['held'::text, 'locked'::text, 'committed'::text, 'released'::text, 'expired'::text, 'out_of_stock'::text, 'reservation_limit'::text, 'returned'::text])))
) with (fillfactor=80);
CREATE INDEX reservation_head_by_expiry ON product.reservation_head USING btree (expires_at) WHERE (state = 'held'::text);
CREATE INDEX reservation_head_unpaid ON product.reservation_head USING btree (user_id) WHERE ((state = ANY (ARRAY['held'::text, 'locked'::text])) AND (user_id IS NOT NULL));
grant insert, select, update on product.reservation_head to shop_product;

create table product.return_restocks (
	return_id uuid not null,
	product_id text not null,
	order_id uuid not null,
	quantity bigint not null,
	at timestamp with time zone not null default clock_timestamp(),
	constraint return_restocks_pkey PRIMARY KEY (return_id, product_id),
	constraint return_restocks_order_id_product_id_fkey FOREIGN KEY (order_id, product_id) REFERENCES product.reservation(order_id, product_id),
	constraint return_restocks_quantity_check CHECK ((quantity > 0))
);
CREATE INDEX return_restocks_by_order ON product.return_restocks USING btree (order_id, product_id);
grant insert, select on product.return_restocks to shop_product;

create table product.stock (
	product_id text not null,
	on_hand bigint not null,
	reserved bigint not null default 0,
	constraint stock_pkey PRIMARY KEY (product_id),
	constraint stock_check CHECK (((0 <= reserved) AND (reserved <= on_hand)))
) with (fillfactor=50);
CREATE TRIGGER record_availability AFTER UPDATE OF on_hand, reserved ON product.stock FOR EACH ROW WHEN (((old.on_hand = old.reserved) <> (new.on_hand = new.reserved))) EXECUTE FUNCTION product.record_availability();
CREATE TRIGGER record_first_availability AFTER INSERT ON product.stock FOR EACH ROW EXECUTE FUNCTION product.record_availability();
grant insert, select, update on product.stock to shop_product;

create table product.stock_ledger (
	id bigint not null generated always as identity,
	product_id text not null,
	order_id uuid,
	reason text not null,
	d_on_hand bigint not null,
	d_reserved bigint not null,
	note text,
	actor text,
	at timestamp with time zone not null default clock_timestamp(),
	return_id uuid,
	constraint stock_ledger_pkey PRIMARY KEY (product_id, id),
	constraint stock_ledger_reason_check CHECK (((reason = ANY (ARRAY['initial'::text, 'adjusted'::text, 'reserved'::text, 'sold'::text, 'released'::text, 'expired'::text, 'returned'::text, 'taken_back'::text])) AND ((reason = 'taken_back'::text) = (return_id IS NOT NULL))))
);
CREATE UNIQUE INDEX stock_ledger_by_order ON product.stock_ledger USING btree (order_id, product_id, reason) WHERE ((order_id IS NOT NULL) AND (return_id IS NULL));
CREATE UNIQUE INDEX stock_ledger_by_return ON product.stock_ledger USING btree (return_id, product_id) WHERE (return_id IS NOT NULL);
grant insert, select on product.stock_ledger to shop_product;

create table public.migration (
	service text not null,
	file text not null,
	at timestamp with time zone not null default now(),
	checksum text,
	constraint migration_pkey PRIMARY KEY (service, file)
);
grant select on migration to shop_analytics;
grant select on migration to shop_notification;
grant select on migration to shop_orders;
grant select on migration to shop_payment;
grant select on migration to shop_product;
grant select on migration to shop_streams;
grant select on migration to shop_users;
grant select on migration to shop_webhook;

create table streams.compaction (
	topic text not null,
	partition integer not null,
	next_offset bigint not null default 0,
	constraint compaction_pkey PRIMARY KEY (topic, partition)
);
grant insert, select, update on streams.compaction to shop_streams;

create table streams.event_log (
	is_only boolean not null default true,
	kind text not null,
	since timestamp with time zone not null default clock_timestamp(),
	constraint event_log_pkey PRIMARY KEY (is_only),
	constraint event_log_is_only_check CHECK (is_only),
	constraint event_log_kind_check CHECK ((kind = ANY (ARRAY['postgres'::text, 'kafka'::text])))
);
grant insert, select on streams.event_log to shop_analytics;
grant insert, select on streams.event_log to shop_notification;
grant insert, select on streams.event_log to shop_orders;
grant insert, select on streams.event_log to shop_product;
grant insert, select on streams.event_log to shop_webhook;

create table streams.member (
	consumer_group text not null,
	id uuid not null,
	topics text[] not null,
	pid integer not null,
	seen_at timestamp with time zone not null default clock_timestamp(),
	constraint member_pkey PRIMARY KEY (consumer_group, id)
);
grant delete, insert, select, update on streams.member to shop_streams;

create table streams.message (
	topic text not null,
	partition integer not null,
	position bigint not null,
	key text not null,
	value bytea not null,
	headers jsonb not null,
	at timestamp with time zone not null default clock_timestamp(),
	constraint message_pkey PRIMARY KEY (topic, partition, "position")
);
CREATE INDEX message_by_key ON streams.message USING btree (topic, partition, key, "position");
CREATE INDEX message_by_time ON streams.message USING btree (topic, partition, at);
grant delete, insert, select, update on streams.message to shop_streams;

create table streams.partition (
	topic text not null,
	partition integer not null,
	next_offset bigint not null default 0,
	last_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
	constraint partition_pkey PRIMARY KEY (topic, partition),
	constraint partition_topic_fkey FOREIGN KEY (topic) REFERENCES streams.topic(name),
	constraint partition_partition_check CHECK ((partition >= 0))
) with (fillfactor=50);
grant delete, insert, select, update on streams.partition to shop_streams;

create table streams.topic (
	name text not null,
	cleanup text not null,
	retention_ms bigint not null,
	constraint topic_pkey PRIMARY KEY (name),
	constraint topic_cleanup_check CHECK ((cleanup = ANY (ARRAY['delete'::text, 'compact'::text]))),
	constraint topic_retention_ms_check CHECK ((retention_ms > 0))
);
grant delete, insert, select, update on streams.topic to shop_streams;

create unlogged table users.attempts (
	key text not null,
	points integer not null,
	expire bigint not null,
	constraint attempts_pkey PRIMARY KEY (key)
);
CREATE INDEX attempts_by_expire ON users.attempts USING btree (expire);
grant delete, insert, select, update on users.attempts to shop_users;

create table users.users (
	id text not null,
	email text not null,
	name text not null,
	password_hash text not null,
	role text not null,
	locked boolean not null default false,
	version integer not null default 1,
	created_at timestamp(3) with time zone not null default clock_timestamp(),
	updated_at timestamp(3) with time zone not null default clock_timestamp(),
	locale text not null default 'en'::text,
	phone text,
	standing bigint,
	constraint users_pkey PRIMARY KEY (id),
	constraint users_email_key UNIQUE (email),
	constraint users_email_ascii CHECK ((email ~ '^[\x21-\x7e]+$'::text)) NOT VALID,
	constraint users_email_check CHECK ((email = lower(email))),
	constraint users_phone_check CHECK ((phone ~ '^\+[1-9][0-9]{6,14}$'::text)),
	constraint users_role_check CHECK ((role = ANY (ARRAY['customer'::text, 'support'::text, 'admin'::text]))),
	constraint users_version_check CHECK ((version > 0))
);
CREATE UNIQUE INDEX users_by_standing ON users.users USING btree (standing) WHERE (standing IS NOT NULL);
CREATE INDEX users_by_time ON users.users USING btree (created_at DESC, id DESC);
CREATE INDEX users_staff ON users.users USING btree (role, id) WHERE ((role <> 'customer'::text) AND (NOT locked));
CREATE TRIGGER number_standing BEFORE UPDATE OF role, locked ON users.users FOR EACH ROW WHEN (((old.role IS DISTINCT FROM new.role) OR (old.locked IS DISTINCT FROM new.locked))) EXECUTE FUNCTION users.number_standing();
grant insert, select, update on users.users to shop_users;

create table webhook.attempt (
	delivery_id uuid not null,
	number integer not null,
	at timestamp(3) with time zone not null,
	status integer,
	error text,
	answer text not null,
	duration_ms integer not null,
	constraint attempt_pkey PRIMARY KEY (delivery_id, number),
	constraint attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES webhook.delivery(id) ON DELETE CASCADE
);
grant insert, select on webhook.attempt to shop_webhook;

create table webhook.dead_letter (
	id uuid not null default gen_random_uuid(),
	topic text not null,
	partition integer not null,
	offset bigint not null,
	key text,
	value bytea not null,
	headers jsonb not null,
	reason text not null,
	detail text not null,
	attempts integer not null,
	at timestamp(3) with time zone not null default clock_timestamp(),
	redriven_at timestamp with time zone,
	log integer not null default 0,
	constraint dead_letter_pkey PRIMARY KEY (topic, partition, "offset", log),
	constraint dead_letter_id_key UNIQUE (id)
);
CREATE INDEX dead_letter_by_time ON webhook.dead_letter USING btree (at, id);
CREATE INDEX dead_letter_waiting ON webhook.dead_letter USING btree (at) WHERE (redriven_at IS NULL);
grant insert, select, update on webhook.dead_letter to shop_webhook;

create table webhook.delivery (
	id uuid not null default gen_random_uuid(),
	endpoint_id uuid not null,
	event_id uuid not null,
	event_type text not null,
	occurred_at timestamp(3) with time zone not null,
	body text not null,
	state text not null default 'pending'::text,
	attempts integer not null default 0,
	redeliveries integer not null default 0,
	due_at timestamp with time zone default clock_timestamp(),
	lease_until timestamp with time zone,
	fence integer not null default 0,
	last_status integer,
	last_error text,
	created_at timestamp(3) with time zone not null default clock_timestamp(),
	delivered_at timestamp(3) with time zone,
	updated_at timestamp(3) with time zone not null default clock_timestamp(),
	constraint delivery_pkey PRIMARY KEY (id),
	constraint delivery_endpoint_id_event_id_key UNIQUE (endpoint_id, event_id),
	constraint delivery_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook.endpoint(id),
	constraint delivery_attempts_check CHECK ((attempts >= 0)),
	constraint delivery_check CHECK (((due_at IS NOT NULL) = (state = 'pending'::text))),
	constraint delivery_redeliveries_check CHECK ((redeliveries >= 0)),
	constraint delivery_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);
CREATE INDEX delivery_by_age ON webhook.delivery USING btree (created_at);
CREATE INDEX delivery_by_time ON webhook.delivery USING btree (endpoint_id, created_at DESC, id DESC);
CREATE INDEX delivery_due ON webhook.delivery USING btree (endpoint_id, due_at) WHERE (state = 'pending'::text);
CREATE INDEX delivery_unfinished ON webhook.delivery USING btree (endpoint_id, state, created_at DESC, id DESC) WHERE (state <> 'delivered'::text);
grant delete, insert, select on webhook.delivery to shop_webhook;
grant update (attempts, delivered_at, due_at, fence, last_error, last_status, lease_until, redeliveries, state, updated_at) on webhook.delivery to shop_webhook;

create table webhook.endpoint (
	id uuid not null,
	url text not null,
	description text,
	event_types text[] not null,
	secret text,
	former_secrets text[] not null default '{}'::text[],
	former_secrets_until timestamp(3) with time zone,
	enabled boolean not null default true,
	disabled_reason text,
	active_since timestamp with time zone not null default clock_timestamp(),
	failures integer not null default 0,
	failing_since timestamp(3) with time zone,
	last_error text,
	paused_until timestamp(3) with time zone,
	created_at timestamp(3) with time zone not null default clock_timestamp(),
	updated_at timestamp(3) with time zone not null default clock_timestamp(),
	removed_at timestamp(3) with time zone,
	constraint endpoint_pkey PRIMARY KEY (id),
	constraint endpoint_check CHECK (((secret IS NULL) = (removed_at IS NOT NULL))),
	constraint endpoint_check1 CHECK ((enabled = (disabled_reason IS NULL))),
	constraint endpoint_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['admin'::text, 'failing'::text, 'gone'::text]))),
	constraint endpoint_event_types_check CHECK ((cardinality(event_types) > 0)),
	constraint endpoint_failures_check CHECK ((failures >= 0))
);
CREATE UNIQUE INDEX endpoint_url ON webhook.endpoint USING btree (url) WHERE (removed_at IS NULL);
grant insert, select on webhook.endpoint to shop_webhook;
grant update (active_since, description, disabled_reason, enabled, event_types, failing_since, failures, former_secrets, former_secrets_until, last_error, paused_until, removed_at, secret, updated_at, url) on webhook.endpoint to shop_webhook;

create table webhook.inbox (
	event_id uuid not null,
	at timestamp with time zone not null default clock_timestamp(),
	replay integer not null default 0,
	constraint inbox_pkey PRIMARY KEY (event_id)
);
grant insert, select on webhook.inbox to shop_webhook;
grant update (replay) on webhook.inbox to shop_webhook;

create table webhook.outbox (
	id bigint not null generated always as identity,
	event_id uuid not null default gen_random_uuid(),
	endpoint_id uuid not null,
	occurred_at timestamp(3) with time zone not null default clock_timestamp(),
	payload jsonb not null,
	published_at timestamp with time zone,
	constraint outbox_pkey PRIMARY KEY (id)
);
CREATE INDEX outbox_published ON webhook.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);
CREATE INDEX outbox_unpublished ON webhook.outbox USING btree (id) WHERE (published_at IS NULL);
grant insert, select on webhook.outbox to shop_webhook;
grant update (published_at) on webhook.outbox to shop_webhook;

create table webhook.position (
	topic text not null,
	partition integer not null,
	next_offset bigint not null,
	at timestamp with time zone not null default clock_timestamp(),
	replay integer not null default 0,
	replay_from bigint,
	replay_until bigint,
	replay_floor timestamp with time zone,
	replay_mode text,
	lost_at timestamp with time zone,
	log integer not null default 0,
	log_start bigint not null default 0,
	log_since timestamp with time zone,
	constraint position_pkey PRIMARY KEY (topic, partition),
	constraint position_replay_mode_check CHECK ((replay_mode = ANY (ARRAY['missing'::text, 'quiet'::text, 'again'::text])))
) with (fillfactor=50);
grant insert, select, update on webhook."position" to shop_webhook;

create table webhook.relay_lease (
	is_only boolean not null default true,
	fence bigint not null default 0,
	lease_until timestamp with time zone,
	pid integer,
	backend_start timestamp with time zone,
	constraint relay_lease_pkey PRIMARY KEY (is_only),
	constraint relay_lease_is_only_check CHECK (is_only)
) with (fillfactor=50);
grant select on webhook.relay_lease to shop_webhook;
grant update (backend_start, fence, lease_until, pid) on webhook.relay_lease to shop_webhook;

CREATE OR REPLACE FUNCTION analytics.purge_outbox(most integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'analytics', 'pg_temp'
AS $function$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	removed as (delete from outbox where ctid = any (array(select ctid from published)) returning 1)
	select count(*) from removed
$function$
;

CREATE OR REPLACE FUNCTION analytics.reset_windows(since timestamp with time zone)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'analytics', 'pg_temp'
AS $function$
	update windows set orders = 0, revenue_minor = 0, unique_users = 0, dirty = true, final = false
		where window_start >= since;
	delete from window_users where window_start >= since;
	delete from product_sales where window_start >= since;
	delete from reversals where window_start >= since;
	delete from late_events where window_start >= since;
$function$
;

CREATE OR REPLACE FUNCTION orders.archive_outbox(most integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'orders', 'pg_temp'
AS $function$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	silent as materialized (
		select ctid from outbox where quiet and occurred_at < now() - interval '7 days'
		order by occurred_at limit most - (select count(*) from published) for update skip locked
	),
	moved as (
		delete from outbox where ctid = any (array(select ctid from published union all select ctid from silent))
		returning *
	),
	kept as (insert into outbox_archive select * from moved returning 1)
	select count(*) from kept
$function$
;

CREATE OR REPLACE FUNCTION orders.history_hash(previous bytea, order_id uuid, version integer, type text, from_status text, to_status text, reason text, actor jsonb, at timestamp with time zone, snapshot json)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN sha256(((((COALESCE(previous, '\x'::bytea) || uuid_send(order_id)) || int4send(version)) || timestamptz_send(at)) || decode(replace(((((((((((quote_nullable(type) || ','::text) || quote_nullable(from_status)) || ','::text) || quote_nullable(to_status)) || ','::text) || quote_nullable(reason)) || ','::text) || (actor)::text) || ','::text) || (snapshot)::text), '\'::text, '\\'::text), 'escape'::text)))
;

CREATE OR REPLACE FUNCTION orders.money(amount bigint, currency text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN jsonb_build_object('amount', amount, 'currency', currency)
;

CREATE OR REPLACE FUNCTION orders.moved(status text, reason text, shipment jsonb)
 RETURNS json
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((((((('{"status":"'::text || status) || '","reason":'::text) || COALESCE((to_json(reason))::text, 'null'::text)) || ',"shipment":'::text) || COALESCE((shipment)::text, 'null'::text)) || '}'::text))::json
;

CREATE OR REPLACE FUNCTION orders.open_orders(users text[])
 RETURNS TABLE(user_id text, open bigint)
 LANGUAGE plpgsql
 ROWS 10
AS $function$
begin
	perform pg_advisory_xact_lock(key) from (
		select hashtextextended(name, 0) as key from unnest(users) as name order by 1) as sorted;
	return query select s.user_id, count(*) from orders.saga s where s.user_id = any (users) group by 1;
end $function$
;

CREATE OR REPLACE FUNCTION orders.refill_outbox(since timestamp with time zone, until timestamp with time zone, after bigint, most integer)
 RETURNS TABLE(refilled integer, reached bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'orders', 'pg_temp'
AS $function$
declare
	seen int;
	chosen bigint[];
	back int;
begin
	select count(*), max(id),
		array_agg(id) filter (where published_at < until and occurred_at >= since and not quiet)
	into seen, reached, chosen
	from (select id, occurred_at, published_at, quiet from events where id > after order by id limit most) as page;
	update outbox set published_at = null where id = any (chosen) and published_at < until;
	get diagnostics refilled = row_count;
	with fetched as (
		delete from outbox_archive where id = any (chosen) and published_at < until returning *
	)
	insert into outbox (id, event_id, epoch, order_id, user_id, version, type, occurred_at, payload, quiet)
	overriding system value
	select id, event_id, epoch, order_id, user_id, version, type, occurred_at, payload, quiet from fetched;
	get diagnostics back = row_count;
	refilled := refilled + back;
	if seen < most then reached := null; end if;
	return next;
end
$function$
;

CREATE OR REPLACE FUNCTION orders.representation(o orders.orders)
 RETURNS jsonb
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN jsonb_build_object('id', (o).id, 'user_id', (o).user_id, 'status', (o).status, 'reason', (o).reason, 'items', (o).items, 'totals', jsonb_build_object('subtotal', orders.money((o).subtotal_minor, ((o).currency)::text), 'shipping', orders.money((o).shipping_minor, ((o).currency)::text), 'tax', orders.money((o).tax_minor, ((o).currency)::text), 'total', orders.money((o).total_minor, ((o).currency)::text)), 'shipping_address', (o).shipping_address, 'shipment', (o).shipment, 'version', (o).version)
;

CREATE OR REPLACE FUNCTION product.count_categories()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'product', 'pg_temp'
AS $function$
declare
	gone text[] := '{}';
	added text[] := '{}';
begin
	if tg_op <> 'INSERT' then
		gone := array(select category from former where not archived);
	end if;
	if tg_op <> 'DELETE' then
		added := array(select category from present where not archived);
	end if;
	insert into category_counts (category, products)
	select category, sum(step)
	from (select unnest(added) as category, 1 as step union all select unnest(gone), -1) as change
	group by category having sum(step) <> 0 order by category
	on conflict (category) do update set products = category_counts.products + excluded.products;
	delete from category_counts where products = 0 and category = any (gone);
	return null;
end $function$
;

CREATE OR REPLACE FUNCTION product.fold_case(given text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN lower((NORMALIZE(given, NFKC) COLLATE "und-x-icu"))
;

CREATE OR REPLACE FUNCTION product.purge_outbox(most integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'product', 'pg_temp'
AS $function$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	removed as (delete from outbox where ctid = any (array(select ctid from published)) returning 1)
	select count(*) from removed
$function$
;

CREATE OR REPLACE FUNCTION product.record_availability()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'product', 'pg_temp'
AS $function$
begin
	insert into availability (product_id, is_sold_out) values (new.product_id, new.on_hand = new.reserved)
	on conflict (product_id) do update set is_sold_out = excluded.is_sold_out;
	return null;
end $function$
;

CREATE OR REPLACE FUNCTION product.search_form(given text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(translate(replace(replace(replace(replace(product.fold_case(regexp_replace(NORMALIZE(given, NFKD), '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670]'::text, ''::text, 'g'::text)), 'ß'::text, 'ss'::text), 'æ'::text, 'ae'::text), 'œ'::text, 'oe'::text), 'þ'::text, 'th'::text), 'øłđðıħς’‘ʼ‐‒–—'::text, 'oldđihσ''''''----'::text), '\s+'::text, ' '::text, 'g'::text)
;

CREATE OR REPLACE FUNCTION product.search_runs(form text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (SELECT COALESCE((array_agg((run."character" || run.next)) || array_agg(run."character")), '{}'::text[]) AS "coalesce" FROM (SELECT "character"."character", lead("character"."character", 1, ''::text) OVER () AS next FROM unnest(string_to_array(search_runs.form, NULL::text)) "character"("character")) run)
;

CREATE OR REPLACE FUNCTION product.search_runs_query(part text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (COALESCE((SELECT string_agg(((''''::text || replace(replace(run.run, '\'::text, '\\'::text), ''''::text, ''''''::text)) || ''''::text), ' & '::text) AS string_agg FROM unnest(product.search_runs(search_runs_query.part)) run(run) WHERE (length(run.run) = LEAST(2, length(search_runs_query.part)))), ''::text))::tsquery
;

CREATE OR REPLACE FUNCTION product.search_squeezed(form text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(form, '[!-/:-@\[-`{-~·]'::text, ''::text, 'g'::text)
;

CREATE OR REPLACE FUNCTION product.search_text(name text, sku text, description text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ((((((product.search_form(name) || '
'::text) || product.search_form(sku)) || '
'::text) || product.search_squeezed(product.search_form(name))) || '
'::text) || product.search_form(description))
;

CREATE OR REPLACE FUNCTION product.search_words(language text, given text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN (product.fold_case(given) = product.search_form(given)) THEN to_tsvector((language)::regconfig, product.fold_case(given)) ELSE ((to_tsvector((language)::regconfig, product.fold_case(given)) || '''~'':1'::tsvector) || to_tsvector((language)::regconfig, product.search_form(given))) END
;

CREATE OR REPLACE FUNCTION product.search_words_query(language text, term text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (phraseto_tsquery((language)::regconfig, product.fold_case(term)) || phraseto_tsquery((language)::regconfig, product.search_form(term)))
;

CREATE OR REPLACE FUNCTION product.unpaid_units(users text[], products text[])
 RETURNS TABLE(user_id text, product_id text, units bigint)
 LANGUAGE plpgsql
 ROWS 10
AS $function$
begin
	return query select h.user_id, r.product_id, sum(r.quantity)::bigint
		from product.reservation_head h join product.reservation r using (order_id)
		where h.user_id = any (users) and h.state in ('held', 'locked') and r.product_id = any (products)
		group by 1, 2;
end $function$
;

CREATE OR REPLACE FUNCTION users.number_standing()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
	perform pg_advisory_xact_lock(hashtext('users.standings'));
	if old.role = 'admin' and not old.locked
		and not exists (select from users.users where role = 'admin' and not locked and id <> old.id)
	then
		raise exception 'the last active admin stays' using errcode = 'check_violation', constraint = 'users_last_admin';
	end if;
	new.standing := nextval('users.standings');
	return new;
end $function$
;

CREATE OR REPLACE FUNCTION webhook.purge_outbox(most integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'webhook', 'pg_temp'
AS $function$
	with published as materialized (
		select ctid from outbox where published_at < now() - interval '7 days'
		order by published_at limit most for update skip locked
	),
	removed as (delete from outbox where ctid = any (array(select ctid from published)) returning 1)
	select count(*) from removed
$function$
;
