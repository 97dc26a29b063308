import type { Return } from "../../../contracts/order.ts";
import { columnsOf } from "../../../db/columns.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import type { Actor } from "../../../lib/identity.ts";
import type { ReturnItem } from "./return.pricing.ts";

interface ReturnRow {
	id: string;
	order_id: string;
	status: Return["status"];
	items: ReturnItem[];
	reason: string;
	note: string | null;
	restock: boolean | null;
	refunded_minor: number | null;
	created_at: Date;
	updated_at: Date;
}

const columns = columnsOf<ReturnRow>({
	id: true,
	order_id: true,
	status: true,
	items: true,
	reason: true,
	note: true,
	restock: true,
	refunded_minor: true,
	created_at: true,
	updated_at: true
});

export interface Decision {
	restock: boolean | null;
	note: string | null;
}

/** The table of returns. Writers hold the lock of the order. */
export class ReturnRepository {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/** @param owner only of this user's order, or of anyone's when undefined */
	async get(
		id: string,
		owner: string | undefined,
		tx: Transaction | Database = this.#db
	): Promise<Return | undefined> {
		const [row] = await tx.query<ReturnRow>(
			{
				name: "get_return",
				text: `select ${columns("r")} from orders.returns r join orders.orders o on o.id = r.order_id
					where r.id = $1 and ($2::text is null or o.user_id = $2)`
			},
			[id, owner]
		);
		return row && toReturn(row);
	}

	/** Newest first, from before an id on; ids are UUIDv7. */
	async ofOrder(orderId: string, before: string | undefined, most: number): Promise<Return[]> {
		const rows = await this.#db.query<ReturnRow>(
			{
				name: "list_returns",
				text: `select ${columns("returns")} from orders.returns where order_id = $1 and ($2::uuid is null or id < $2)
					order by id desc limit $3`
			},
			[orderId, before, most]
		);
		return rows.map(toReturn);
	}

	/** Items of the order's earlier returns. */
	async itemsBefore(orderId: string, tx: Transaction): Promise<ReturnItem[]> {
		const rows = await tx.query<Pick<ReturnRow, "items">>(
			{
				name: "returned_before",
				text: "select items from orders.returns where order_id = $1 and status <> 'rejected'"
			},
			[orderId]
		);
		return rows.flatMap(({ items }) => items);
	}

	async insert(
		id: string,
		orderId: string,
		items: ReturnItem[],
		reason: string,
		tx: Transaction
	): Promise<Return> {
		const [row] = await tx.query<ReturnRow>(
			{
				name: "insert_return",
				text: `insert into orders.returns (id, order_id, items, reason) values ($1, $2, $3, $4) returning ${columns("returns")}`
			},
			[id, orderId, JSON.stringify(items), reason]
		);
		return toReturn(row!);
	}

	async decide(
		id: string,
		status: "approved" | "rejected",
		{ restock, note }: Decision,
		{ id: actor }: Actor,
		tx: Transaction
	): Promise<Return> {
		const [row] = await tx.query<ReturnRow>(
			{
				name: "decide_return",
				text: `update orders.returns set status = $2, restock = $3, note = $4, decided_by = $5,
						updated_at = clock_timestamp()
					where id = $1 returning ${columns("returns")}`
			},
			[id, status, restock, note, actor]
		);
		return toReturn(row!);
	}
}

/** jsonb orders members by length of name; a response has them in the contract's order. */
function toReturn({ items, refunded_minor, created_at, updated_at, ...row }: ReturnRow): Return {
	const { currency } = items[0]!.amount;
	return {
		id: row.id,
		order_id: row.order_id,
		status: row.status,
		items: items.map(({ product_id, quantity, amount: { amount } }) => ({
			product_id,
			quantity,
			amount: { amount, currency }
		})),
		reason: row.reason,
		note: row.note,
		restock: row.restock,
		refunded: refunded_minor === null ? null : { amount: refunded_minor, currency },
		created_at: created_at.toISOString(),
		updated_at: updated_at.toISOString()
	};
}
