import { sameStatusEventTypes, type OrderStatus } from "../contracts/order-status.ts";
import { transitions } from "../services/order/order.machine.ts";
import type { VerifyContext } from "./verifier.ts";

const pageSize = 1000;
const beforeAll = "00000000-0000-0000-0000-000000000000";
const afterAll = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * $1 < order ids <= $2; $3 the allowed transitions, as `from>to`; $4 types of events that leave
 * the status as it is. The hash chain is recomputed with the
 * function that wrote it. Only the first bad row of a chain is reported, because later ones follow from it.
 */
const differences = `
with h as materialized (
	select order_id, version, type, from_status, to_status, at, snapshot, hash, row_number() over w as place,
		lag(to_status) over w as came_from, hash <> orders.history_hash(lag(hash) over w, order_id, version, type,
			from_status, to_status, reason, actor, at, snapshot) as broken
	from orders.history where order_id > $1 and order_id <= $2
	window w as (partition by order_id order by version)
),
o as materialized (
	select id, version, status, created_at, updated_at, history_hash, orders.representation(t) as shown
	from orders.orders t where id > $1 and id <= $2
),
e as materialized (
	select order_id, version, type, occurred_at, payload->>'status' as status
	from orders.events where order_id > $1 and order_id <= $2
),
chain as materialized (
	select order_id, max(version) as last, min(place) filter (where place <> version)::int as gap,
		min(version) filter (where broken) as broken, min(at) as born,
		(array_agg(at order by version desc))[1] as moved, (array_agg(hash order by version desc))[1] as head,
		((array_agg(snapshot order by version))[1]::jsonb
			|| (array_agg(snapshot order by version desc))[1]::jsonb || jsonb_build_object('version', max(version))) - 'payment' as told
	from h group by order_id
),
found (id, version, what) as (
	select order_id, gap, 'is missing' from chain where gap is not null
	union all
	select order_id, broken, 'was altered' from chain where broken < coalesce(gap, broken + 1)
	union all
	select order_id, version, format('may not follow: %s to %s after %s', from_status, to_status, came_from) from h
	where from_status is distinct from came_from
		or case when version = 1 then to_status <> 'pending'
			else not from_status || '>' || to_status = any ($3) and not (from_status = to_status and type = any ($4)) end
	union all
	select id, last + 1, 'is missing' from o join chain on order_id = id where version > last and gap is null
	union all
	select id, last, 'was added' from o join chain on order_id = id where version < last
	union all
	select id, last, 'is not what the order says it is' from o join chain on order_id = id
	where version = last and history_hash <> head and broken is null
	union all
	select id, last, format('%s is %s, its history says %s', key, n.value, t.value)
	from o join chain on order_id = id, lateral (select * from jsonb_each(shown)) n
	full join lateral (select * from jsonb_each(told)) t using (key)
	where n.value is distinct from t.value
	union all
	select id, last, 'times are not those of its history' from o join chain on order_id = id
	where created_at <> born or updated_at <> moved
	union all
	select id, version, case status when 'return_requested' then 'no return is open' else 'a return is open' end from o
	where (status = 'return_requested') <> exists (
		select from orders.returns r where r.order_id = o.id and r.status in ('requested', 'approved'))
	union all
	select id, version, 'has no history' from o where not exists (select from chain where order_id = id)
	union all
	select order_id, last, 'has no order' from chain where not exists (select from o where id = order_id)
	union all
	select order_id, h.version, 'has no event in the outbox, or another one' from h
	where not exists (select from e where e.order_id = h.order_id and e.version = h.version
		and e.type = h.type and e.occurred_at = h.at and e.status = h.to_status)
	union all
	select order_id, e.version, 'has an outbox row without history' from e
	where not exists (select from h where h.order_id = e.order_id and h.version = e.version)
)
select id, version, what from found order by id, version`;

interface Found {
	id: string;
	version: number;
	what: string;
}

const allowed = Object.entries<readonly OrderStatus[]>(transitions).flatMap(([from, targets]) =>
	targets.map(to => `${from}>${to}`)
);

/** Compares every order with its history, and both with the outbox. */
export async function* verify({
	client,
	progress
}: Pick<VerifyContext, "client" | "progress">): AsyncGenerator<string> {
	const page = "select id from orders.orders where id > $1 order by id limit $2";
	let [lower, done, more] = [beforeAll, 0, true];
	while (more) {
		const { rows: ids } = await client.query<{ id: string }>(page, [lower, pageSize]);
		more = ids.length === pageSize;
		const upper = more ? ids.at(-1)!.id : afterAll;
		const { rows } = await client.query<Found>(differences, [
			lower,
			upper,
			allowed,
			sameStatusEventTypes
		]);
		for (const { id, version, what } of rows) yield `order ${id} version ${version}: ${what}`;
		lower = upper;
		progress((done += ids.length), "orders");
	}
}
