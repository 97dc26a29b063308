import { paidStatuses, unpaidStatuses } from "../contracts/order-status.ts";
import type { PaymentProvider, StatementLine } from "../services/payment/provider/provider.ts";
import { openProvider } from "../services/payment/provider/provider.factory.ts";
import { rows } from "../db/client.ts";
import type { VerifyContext } from "./verifier.ts";

/** Payments compared with their events, refunds and orders. $1: statuses of paid orders, $2: of unpaid ones. */
const books = `
with refund as (
	select payment_id, sum(amount_minor) filter (where status <> 'failed') as counted from payment.refunds group by 1
),
event as (
	select distinct on (payment_id) payment_id, seq, status, refunded_minor, count(*) over (partition by payment_id) as rows
	from payment.events order by payment_id, seq desc
)
select format('payment %s of order %s: %s', p.id, coalesce(p.order_id, o.id), what) as text
from payment.payments p full join orders.orders o on o.id = p.order_id
	left join refund r on r.payment_id = p.id left join event e on e.payment_id = p.id, lateral (values
	(o.id is null and p.amount_minor is not null, 'there is no such order'),
	(p.amount_minor <> o.total_minor or p.currency <> o.currency,
		format('is over %s %s, the order over %s %s', p.amount_minor, p.currency, o.total_minor, o.currency)),
	(o.status = any ($1)
		and p.status is distinct from 'succeeded', format('the order is %s, the payment %s', o.status, coalesce(p.status, 'absent'))),
	((o.status = any ($2) or o.status = 'refunded') and p.status = 'succeeded' and p.refunded_minor < p.amount_minor,
		format('the order is %s, and %s are kept', o.status, p.amount_minor - p.refunded_minor)),
	(p.refunded_minor <> coalesce(r.counted, 0),
		format('%s refunded, its refunds are %s', p.refunded_minor, coalesce(r.counted, 0))),
	(p.amount_minor is not null and (e.seq is distinct from p.seq or e.rows <> e.seq),
		format('is at change %s, of %s that are recorded the last is %s', p.seq, coalesce(e.rows, 0), coalesce(e.seq, 0))),
	((e.status, e.refunded_minor) <> (p.status, p.refunded_minor),
		format('is %s with %s refunded, its last event says %s with %s', p.status, p.refunded_minor, e.status, e.refunded_minor))
) as law (broken, what)
where broken
union all
select format('return %s of order %s: %s refunded, its refund is %s', r.id, r.order_id, r.refunded_minor, coalesce(f.amount_minor, 0))
from orders.returns r join payment.payments p using (order_id)
	left join payment.refunds f on f.payment_id = p.id and split_part(f.purpose, '#', 1) = 'return:' || r.id
		and f.status <> 'failed'
where r.status = 'completed' and r.refunded_minor <> coalesce(f.amount_minor, 0)
order by 1`;

interface Row {
	id: string;
	order_id: string;
	status: string;
	amount: number;
	currency: string;
	refunded: number;
	/** Staff decided how the charge ended, or it changed while the statement was read. */
	charge_excused: boolean;
	/** The same of a refund. */
	refunds_excused: boolean;
}

/** $1: when the statement was requested. Only refunds that were made at the provider. */
const payments = `
select p.id, p.order_id, p.status, p.amount_minor::float8 as amount, p.currency,
	coalesce((select sum(amount_minor) from payment.refunds r
		where r.payment_id = p.id and r.status = 'succeeded' and r.provider_ref <> 'elsewhere'), 0)::float8 as refunded,
	p.updated_at >= $1::timestamptz or p.status in ('processing', 'review')
		or exists (select from payment.events e where e.payment_id = p.id and e.type = 'decided') as charge_excused,
	p.updated_at >= $1::timestamptz or p.status in ('processing', 'review')
		or exists (select from payment.events e where e.payment_id = p.id and e.type = 'refund_decided')
		or exists (select from payment.refunds r where r.payment_id = p.id
			and (r.updated_at >= $1::timestamptz or r.status in ('pending', 'review'))) as refunds_excused
from payment.payments p where p.amount_minor is not null order by p.id`;

/** The provider's lines for each payment. Several lines are several charges. */
async function statementOf(
	provider: PaymentProvider,
	progress: VerifyContext["progress"]
): Promise<Map<string, StatementLine[]>> {
	const lines = new Map<string, StatementLine[]>();
	let done = 0;
	for await (const line of provider.statement(new Date(0))) {
		progress(++done, "charges of the provider");
		if (!line.payment_id) continue;
		lines.set(line.payment_id, [...(lines.get(line.payment_id) ?? []), line]);
	}
	return lines;
}

/** On a separate connection: the first query of the other one starts its snapshot. */
async function clock(url: string): Promise<Date> {
	return (await rows<{ at: Date }>(url, "select clock_timestamp() as at"))[0]!.at;
}

function* compare(row: Row, lines: readonly StatementLine[]): Generator<string> {
	const { status, amount, currency, refunded } = row;
	const made = lines.filter(line => line.status === "succeeded");
	if (made.length > 1) yield `the provider charged it ${made.length} times`;
	for (const { amount: charged, ref } of made)
		if (charged.amount !== amount || charged.currency !== currency)
			yield `is over ${amount} ${currency}, the provider's ${ref} over ${charged.amount} ${charged.currency}`;
	if (!row.charge_excused && status === "succeeded" && made.length === 0)
		yield "succeeded, and the provider did not charge it";
	if (!row.charge_excused && status === "failed" && made.length > 0)
		yield "failed, and the provider charged it";
	if (row.refunds_excused) return;
	const back = made.reduce((sum, line) => sum + line.refunded.amount, 0);
	if (back !== refunded) yield `${refunded} refunded, the provider says ${back}`;
}

/**
 * Compares the provider's statement with payments, and these with their events, refunds and orders. The
 * statement is read first: every charge has its row before it is made, so a charge without a row cannot
 * merely be new.
 */
export async function* verify({ client, config, progress }: VerifyContext): AsyncGenerator<string> {
	const askedAt = await clock(config.databaseUrl);
	const provider = await openProvider(config);
	const statement = await statementOf(provider, progress).finally(() => provider.close());
	const statuses = [[...paidStatuses], [...unpaidStatuses]];
	for (const { text } of (await client.query<{ text: string }>(books, statuses)).rows) yield text;
	const { rows } = await client.query<Row>(payments, [askedAt]);
	for (const row of rows) {
		for (const what of compare(row, statement.get(row.id) ?? []))
			yield `payment ${row.id} of order ${row.order_id}: ${what}`;
		statement.delete(row.id);
	}
	for (const [id, lines] of statement)
		for (const { ref, order_id, status } of lines)
			yield `payment ${id} of order ${order_id}: unknown here; the provider's ${ref} is ${status}`;
}
