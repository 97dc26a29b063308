-- One row for each request with an idempotency key, of whatever service: a key names one request of its sender.

create table request (
	principal text not null,
	key text not null,
	-- The role of the service that serves it.
	service text not null default current_user,
	-- `order.cancel`
	action text not null,
	-- SHA-256 of the action and its parameters; in rows from before this table of the action and its target.
	request_hash bytea not null,
	-- What the request has made, if its service must find that again.
	subject uuid,
	-- The first response, as text, so that a repetition gets the same bytes.
	answer json,
	-- False while no response was returned; `answer` may be replaced until then.
	is_answered boolean not null,
	created_at timestamptz not null default clock_timestamp(),
	primary key (principal, key),
	check (answer is not null or not is_answered)
) with (fillfactor = 80);

-- A response is only for the service that made it: another one finds that the key is taken, and nothing else. A
-- response that was returned never changes.
alter table request enable row level security;
create policy read_own on request for select using (service = current_user);
create policy insert_own on request for insert with check (service = current_user);
create policy answer_once on request for update using (service = current_user and not is_answered)
	with check (service = current_user);

grant usage on schema idempotency to shop_orders, shop_payment, shop_product;
grant select, insert on request to shop_orders, shop_payment, shop_product;
grant update (answer, is_answered) on request to shop_orders, shop_payment, shop_product;
