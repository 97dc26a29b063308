import type { TestDatabase } from "../servers/database.ts";

/**
 * Reservations that gave a customer more than their share, found by replaying the ledgers: the rows of one product
 * are in the order of their commits, because each was written under the lock of the product's stock row.
 */
export function beyondShare(
	database: Pick<TestDatabase, "rows">,
	productIds: string[],
	percent: number
): Promise<object[]> {
	return database.rows(
		`select * from (
			select product_id, user_id, reason,
				sum(d_on_hand) over (partition by product_id order by l.id) as on_hand,
				sum(d_reserved) over (partition by product_id, user_id order by l.id) as unpaid
			from product.stock_ledger l left join product.reservation_head using (order_id)
			where product_id = any ($2)
		) as entry
		where user_id is not null and reason = 'reserved' and unpaid > greatest(1, floor(on_hand * $1 / 100.0))`,
		[percent, productIds]
	);
}
