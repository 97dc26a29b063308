import type { product } from "../../../contracts/product.ts";
import { text } from "../../../contracts/values.ts";
import { Milliseconds } from "../../../lib/keyset.ts";
import { T, type TSchema } from "../../../lib/schema.ts";
import type { Params } from "../../../lib/service.ts";
import {
	orderByColumn,
	orderByHighest,
	type KeysetOrder
} from "../../../mixins/sequelize-queries.ts";
import type { ProductRow } from "../product.model.ts";
import type { Search } from "./search.ts";

export type Sort = NonNullable<Params<typeof product.actions.list>["sort"]>;

/** One way to sort the catalogue. */
export interface SortOrder extends KeysetOrder {
	/** The schema of what a row is sorted by, as it is in a cursor. */
	readonly value: TSchema;
	valueOf(row: ProductRow): string | number;
}

const name = { value: text(200), valueOf: (row: ProductRow) => row.name };
const price = {
	value: T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
	valueOf: (row: ProductRow) => row.price_minor
};
const byTime = orderByColumn("created_at", "desc");

const orders: Record<Exclude<Sort, "relevance">, SortOrder> = {
	name: { ...name, ...orderByColumn("name", "asc") },
	"-name": { ...name, ...orderByColumn("name", "desc") },
	price: { ...price, ...orderByColumn("price_minor", "asc") },
	"-price": { ...price, ...orderByColumn("price_minor", "desc") },
	newest: {
		value: Milliseconds,
		valueOf: row => row.created_at.getTime(),
		order: byTime.order,
		behind: ({ value, id }) => byTime.behind({ value: new Date(value as number), id })
	}
};

/** @param search of the list, if it is one; a sort by relevance needs it */
export function sortOrder(sort: Sort, search: Search | undefined): SortOrder {
	if (sort !== "relevance") return orders[sort];
	return {
		value: T.Integer({ minimum: 0, maximum: 499_999 }),
		valueOf: row => row.getDataValue("rank" as never) as number,
		...orderByHighest(search!.rank)
	};
}
