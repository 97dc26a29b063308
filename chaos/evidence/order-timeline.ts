import { withClient } from "../../db/client.ts";
import type { Entry } from "./client-history.ts";
import type { ProviderLine } from "../cluster/provider-process.ts";

/** Everything that is known of one order, in every service and outside. */
export interface OrderTimeline {
	order_id: string;
	shop: Record<string, unknown[]>;
	provider: ProviderLine[];
	/** Its client's requests and responses. */
	client: Entry[];
}

const tables: Record<string, string> = {
	order: "select * from orders.orders where id = $1",
	history: "select * from orders.history where order_id = $1 order by version",
	saga: "select * from orders.saga where order_id = $1",
	outbox: "select * from orders.outbox where order_id = $1 order by id",
	reservation: "select * from product.reservation where order_id = $1",
	reservation_head: "select * from product.reservation_head where order_id = $1",
	stock_ledger: "select * from product.stock_ledger where order_id = $1 order by id",
	payment: "select * from payment.payments where order_id = $1",
	refunds: `select r.* from payment.refunds r join payment.payments p on p.id = payment_id
		where p.order_id = $1 order by r.created_at`
};

export function loadOrderTimeline(
	url: string,
	order_id: string,
	outcomes: readonly Entry[],
	ledger: readonly ProviderLine[]
): Promise<OrderTimeline> {
	return withClient(url, async client => {
		const shop: OrderTimeline["shop"] = {};
		for (const [name, sql] of Object.entries(tables))
			shop[name] = (await client.query(sql, [order_id])).rows;
		const n = outcomes.find(entry => entry.order_id === order_id)?.n;
		return {
			order_id,
			shop,
			provider: ledger.filter(line => line.order_id === order_id),
			client: outcomes.filter(entry => entry.n === n)
		};
	});
}
