import type { PaymentNotice } from "../../contracts/payment.ts";
import type { Database, Statement } from "../../db/database.ts";

const list: Statement = {
	name: "notice.list",
	text: `select id, order_id, kind, data from payment.notices order by position limit $1`
};
const remove: Statement = {
	name: "notice.remove",
	text: "delete from payment.notices where id = any($1::uuid[])"
};

/**
 * Changes of payments that their orders do not know: refunds that no saga requested, refunds that came back, and
 * disputes. Each is written in the transaction of the change. The order service reads them, records them, and then
 * acknowledges them (docs/decisions/0021).
 */
export class Notices {
	readonly #pg: Database;

	constructor(pg: Database) {
		this.#pg = pg;
	}

	/** The oldest first. */
	list(limit: number): Promise<PaymentNotice[]> {
		return this.#pg.query<PaymentNotice>(list, [limit]);
	}

	async acknowledge(ids: string[]): Promise<void> {
		await this.#pg.query(remove, [ids]);
	}
}
