import pg from "pg";

/**
 * Fills a database with copies of its settled orders: with their history, events, payments, refunds, returns, reservations
 * and stock movements, so that `npm run verify` finds nothing. Units of stock stay as they are.
 */

const batch = 10_000;

/** $1: how many, $2: the number of the first. Customers have some twenty of them each. */
const pairs = `
	create temp table pair on commit drop as
	with template as (
		select id, user_id, row_number() over (order by id) - 1 as place, count(*) over () as all
		from orders.orders o where user_id not like 'copied-%'
			and status in ('confirmed', 'delivered', 'returned', 'refunded')
			and not exists (select from orders.saga s where s.order_id = o.id)
	)
	select id as old, (substr(id::text, 1, 15) || substr(gen_random_uuid()::text, 16))::uuid as new,
		user_id as old_user, 'copied-' || (n / 20) as new_user
	from generate_series($2::int, $2::int + $1::int - 1) n join template on n % template.all = place`;

const derived = `
	create unique index on pair (old, new);
	create unique index on pair (new);
	create temp table payment_pair on commit drop as
		select id as old, gen_random_uuid() as new, pair.new as order_id, new_user
		from payment.payments join pair on order_id = pair.old;
	create temp table return_pair on commit drop as
		select id as old, gen_random_uuid() as new, pair.new as order_id
		from orders.returns join pair on order_id = pair.old;
	analyze pair, payment_pair, return_pair;
	-- Rows of one order refer to each other, and are written table by table.
	set local session_replication_role = replica`;

/** Copies rows of a table. @param changes names and values in turn, of the row `t` and its pair `p` */
const copy = (table: string, from: string, changes: string) => `
	insert into ${table} overriding system value
	select r.* from ${from}, lateral jsonb_populate_record(t, jsonb_build_object(${changes})) r`;

const next = (table: string) => `nextval(pg_get_serial_sequence('${table}', 'id'))`;

/** $1: the version. */
const history = `
	insert into orders.history (order_id, version, type, from_status, to_status, reason, actor, at, snapshot, hash)
	select p.new, t.version, t.type, t.from_status, t.to_status, t.reason, t.actor, t.at, own.snapshot,
		orders.history_hash(former.hash, p.new, t.version, t.type, t.from_status, t.to_status, t.reason, t.actor, t.at,
			own.snapshot)
	from pair p join orders.history t on t.order_id = p.old and t.version = $1::int
		left join orders.history former on former.order_id = p.new and former.version = $1::int - 1,
		lateral (select replace(replace(t.snapshot::text, p.old::text, p.new::text),
			to_json(p.old_user)::text, to_json(p.new_user)::text)::json as snapshot) own`;

const tables = [
	copy(
		"orders.orders",
		`pair p join orders.orders t on t.id = p.old
			join orders.history h on h.order_id = p.new and h.version = t.version`,
		"'id', p.new, 'user_id', p.new_user, 'history_hash', h.hash"
	),
	// As old orders have them. What is quiet is of no minute's sales.
	`insert into orders.outbox_archive
		select r.* from pair p join orders.outbox e on e.order_id = p.old, lateral jsonb_populate_record(
			null::orders.outbox_archive, to_jsonb(e) || jsonb_build_object('id', ${next("orders.outbox")},
				'event_id', gen_random_uuid(), 'order_id', p.new, 'user_id', p.new_user, 'quiet', true, 'published_at', null)) r`,
	copy(
		"orders.returns",
		"return_pair p join orders.returns t on t.id = p.old",
		"'id', p.new, 'order_id', p.order_id"
	),
	copy(
		"product.reservation_head",
		"pair p join product.reservation_head t on t.order_id = p.old",
		"'order_id', p.new, 'user_id', p.new_user"
	),
	copy(
		"product.reservation",
		"pair p join product.reservation t on t.order_id = p.old",
		"'order_id', p.new"
	),
	copy(
		"product.return_restocks",
		"return_pair p join product.return_restocks t on t.return_id = p.old",
		"'return_id', p.new, 'order_id', p.order_id"
	),
	copy(
		"product.stock_ledger",
		`pair p join product.stock_ledger t on t.order_id = p.old
			left join return_pair r2 on r2.old = t.return_id and r2.order_id = p.new`,
		`'id', ${next("product.stock_ledger")}, 'order_id', p.new, 'return_id', r2.new`
	),
	`insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved)
		select product_id, 'adjusted', -sum(d_on_hand), -sum(d_reserved)
		from product.stock_ledger join pair on order_id = new group by 1`,
	copy(
		"payment.payments",
		"payment_pair p join payment.payments t on t.id = p.old",
		"'id', p.new, 'order_id', p.order_id, 'user_id', p.new_user"
	),
	// The provider knows nothing of them: a person has decided how they ended.
	copy(
		"payment.events",
		"payment_pair p join payment.events t on t.payment_id = p.old",
		`'payment_id', p.new, 'type', case t.type when 'succeeded' then 'decided'
			when 'refund_succeeded' then 'refund_decided' else t.type end`
	),
	copy(
		"payment.refunds",
		`payment_pair p join payment.refunds t on t.payment_id = p.old
			left join return_pair r2 on r2.order_id = p.order_id and t.purpose like 'return:' || r2.old || '%'`,
		`'id', gen_random_uuid(), 'payment_id', p.new,
			'purpose', coalesce(replace(t.purpose, r2.old::text, r2.new::text), t.purpose)`
	)
];

/** Adds `count` orders. The database needs some that are settled: in all their kinds, each kind is copied as often. */
export async function copyOrders(url: string, count: number): Promise<void> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		for (let done = 0; done < count; done += batch) {
			await client.query("begin");
			await client.query(pairs, [Math.min(batch, count - done), done]);
			await client.query(derived);
			const { rows } = await client.query<{ last: number }>(
				"select max(version) as last from orders.orders join pair on id = old"
			);
			for (let version = 1; version <= rows[0]!.last; version++)
				await client.query(history, [version]);
			for (const statement of tables) await client.query(statement);
			await client.query("commit");
		}
		await client.query("analyze");
	} finally {
		await client.end();
	}
}
