import type pg from "pg";
import { verify as verifyOrders } from "../../verify/orders.verifier.ts";
import { verify as verifyStock } from "../../verify/stock.verifier.ts";
import { withClient } from "../../db/client.ts";
import type { Entry } from "./client-history.ts";
import { unpaidPercent } from "../cluster/cluster.ts";
import type { MessageCounts, ProviderDispute, ProviderLine } from "../cluster/provider-process.ts";
import { brokenStock, type BrokenStock } from "./stock-sampler.ts";
import { loadStreamEvidence, type ReceivedWebhooks, type StreamEvidence } from "./event-stream.ts";

export interface OrderFact {
	id: string;
	user_id: string;
	status: string;
	/** Why it ended: `requested` when it was cancelled by a request. */
	reason: string | null;
	/** Minor units. */
	total: number;
	/** ISO 4217. */
	currency: string;
	items: { product_id: string; quantity: number }[];
	/** Of its payment, as the shop shows it. Minor units. */
	refunded: number;
	/** The part of it that staff requested, or that was made at the provider. */
	refunded_by_others: number;
	/** What the order's events say was refunded, less what came back. Minor units. */
	refunded_in_events: number;
	/** How many disputes its events tell of, open and decided ones. */
	disputes_in_events: { opened: number; closed: number };
	/** By completed returns: minor units, and restocked units. */
	returned: { refunded: number; items: { product_id: string; quantity: number }[] };
	created_at: Date;
	updated_at: Date;
}

/** Units sold for an order, less restocked ones. */
export interface SoldFact {
	product_id: string;
	units: number;
}

/** A reservation after which a customer's unpaid orders held too many units of a product. */
interface BeyondShare {
	order_id: string;
	user_id: string;
	product_id: string;
	/** Units of the product in the customer's unpaid orders. */
	held: number;
	/** Their share of it. */
	most: number;
}

/** All that the checkers read: the clients' responses, the shop's data, the provider's ledger. */
export interface Evidence {
	outcomes: readonly Entry[];
	orders: readonly OrderFact[];
	/** Orders with a running saga. */
	open: readonly { order_id: string; step: string; attempt: number; last_error: string | null }[];
	ledger: readonly ProviderLine[];
	disputes: readonly ProviderDispute[];
	/** Webhooks of the provider; `taken`: those that the shop stored, each once. */
	messages: MessageCounts & { taken: number };
	/** Stock violations at the end and at every sample. */
	brokenStock: readonly BrokenStock[];
	/** Products with reserved units though no order is in progress. */
	reserved: readonly { product_id: string; reserved: number }[];
	sold: readonly SoldFact[];
	/** Orders whose reservation expired. */
	expiredReservations: readonly { order_id: string; product_id: string }[];
	/** Lines of orders that got units, orders that got none because of the share, and what exceeded it. */
	reservations: { granted: number; limited: number; beyondShare: readonly BeyondShare[] };
	/** Rows of orders and stock that contradict others, as text. */
	contradictions: readonly string[];
	samples: number;
	/** Order events: written, published, applied. */
	stream: StreamEvidence;
	/** What the receiver of webhooks saw. */
	webhooks: ReceivedWebhooks;
}

const queries = {
	orders: `select id, user_id, status, reason, total_minor::float8 as total, currency::text, items, created_at, updated_at,
			jsonb_build_object('refunded', (select coalesce(sum(refunded_minor), 0) from orders.returns r
				where r.order_id = o.id and r.status = 'completed'),
			'items', (select coalesce(jsonb_agg(item), '[]') from orders.returns r, jsonb_array_elements(r.items) as item
				where r.order_id = o.id and r.status = 'completed' and r.restock)) as returned,
			coalesce((select refunded_minor from payment.payments where order_id = o.id), 0)::float8 as refunded,
			coalesce((select sum(r.amount_minor) from payment.refunds r join payment.payments p on p.id = r.payment_id
				where p.order_id = o.id and r.status <> 'failed' and purpose ~ '^(refund|provider):'), 0)::float8 as refunded_by_others,
			coalesce(e.refunded, 0)::float8 as refunded_in_events,
			jsonb_build_object('opened', coalesce(e.opened, 0), 'closed', coalesce(e.closed, 0)) as disputes_in_events
		from orders.orders o left join (
			select order_id, count(*) filter (where type = 'order.dispute_opened') as opened,
				count(*) filter (where type = 'order.dispute_closed') as closed,
				sum(case type when 'order.refund_issued' then (payload#>>'{refund,amount,amount}')::bigint
					when 'order.refund_failed' then -(payload#>>'{refund,amount,amount}')::bigint
					when 'order.returned' then (payload#>>'{return,refunded,amount}')::bigint
					when 'order.refunded' then coalesce((payload#>>'{refund,amount,amount}')::bigint,
						(payload#>>'{total,amount}')::bigint) end) as refunded
			from orders.events group by order_id) e on e.order_id = o.id`,
	open: `select order_id, step, attempt, last_error from orders.saga
		join orders.orders on id = order_id where status <> 'payment_review'`,
	brokenStock,
	reserved: "select product_id, reserved::int from product.stock where reserved <> 0",
	sold: `select product_id, -sum(d_on_hand)::int as units from product.stock_ledger
		where order_id is not null group by 1`,
	expiredReservations:
		"select order_id, product_id from product.stock_ledger where reason = 'expired'",
	// Rows of a product's ledger have their ids in the order of its changes, which hold the lock of its stock row.
	beyondShare: `select order_id, user_id, product_id, held, most from (
		select order_id, product_id, d_reserved, h.user_id,
			sum(d_reserved) over (partition by product_id, h.user_id order by l.id)::int as held,
			greatest(1, sum(d_on_hand) over (partition by product_id order by l.id)::bigint * ${unpaidPercent} / 100)::int as most
		from product.stock_ledger l left join product.reservation_head h using (order_id)) as l
		where d_reserved > 0 and user_id is not null and held > most order by order_id, product_id`,
	reservations: `select (select count(*) from product.stock_ledger where d_reserved > 0)::int as granted,
		(select count(*) from product.reservation_head where state = 'reservation_limit')::int as limited`,
	taken: "select count(*)::int as taken from payment.psp_inbox"
};

export type RunObservations = Pick<
	Evidence,
	"outcomes" | "ledger" | "disputes" | "samples" | "webhooks"
> & {
	messages: MessageCounts;
	/** Sampled while the load ran. */
	brokenStock: readonly BrokenStock[];
};

/** Reads the database's part of the evidence, without a proxy. */
export function collectEvidence(url: string, observations: RunObservations): Promise<Evidence> {
	return withClient(url, async client => {
		const read = async <R extends pg.QueryResultRow>(sql: string) =>
			(await client.query<R>(sql)).rows;
		return {
			...observations,
			messages: { ...observations.messages, ...(await read<{ taken: number }>(queries.taken))[0]! },
			orders: await read<OrderFact>(queries.orders),
			open: await read<Evidence["open"][number]>(queries.open),
			brokenStock: [...observations.brokenStock, ...(await read<BrokenStock>(queries.brokenStock))],
			reserved: await read<Evidence["reserved"][number]>(queries.reserved),
			sold: await read<SoldFact>(queries.sold),
			expiredReservations: await read<Evidence["expiredReservations"][number]>(
				queries.expiredReservations
			),
			reservations: {
				...(await read<{ granted: number; limited: number }>(queries.reservations))[0]!,
				beyondShare: await read<BeyondShare>(queries.beyondShare)
			},
			contradictions: await recordDifferences(client),
			stream: await loadStreamEvidence(client)
		};
	});
}

/** In one snapshot. */
async function recordDifferences(client: pg.Client): Promise<string[]> {
	const found: string[] = [];
	await client.query("begin isolation level repeatable read read only");
	for (const verify of [verifyOrders, verifyStock])
		for await (const line of verify({ client, progress: () => undefined })) found.push(line);
	await client.query("commit");
	return found;
}
