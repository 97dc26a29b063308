import { bulk } from "../../../lib/bulk.ts";
import type { Database, Statement } from "../../../db/database.ts";
import { Periodic } from "../../../lib/periodic.ts";

export interface ProductDescription {
	product_id: string;
	name: string;
	category: string;
}

export interface CatalogueOptions {
	pg: Database;
	/** Details of these products; unknown ones are omitted. */
	describe(productIds: string[]): Promise<ProductDescription[]>;
	everyMs: number;
	onError(error: Error): void;
}

const batchSize = 500;

/** Sold products without details. An unknown one is requested once a minute. */
const claimUnknown: Statement = {
	name: "analytics.claim_unknown_products",
	text: `
	update analytics.products set asked_at = clock_timestamp()
	where id in (
		select id from analytics.products
		where category is null and (asked_at is null or asked_at < clock_timestamp() - interval '1 minute')
		order by asked_at nulls first limit $1 for update skip locked
	)
	returning id`
};

const describedProducts = bulk({ product_id: "text", name: "text", category: "text" });

/** A product that has a description keeps it. */
const storeDescriptions: Statement = {
	name: "analytics.describe_products",
	text: `
	update analytics.products p set name = x.name, category = x.category
	from ${describedProducts.as("x")}
	where p.id = x.product_id and p.category is null`
};

/**
 * Reads details of sold products from the catalogue. Runs independently of the consumer: while the catalogue
 * is unavailable windows are still updated, and sales have no category yet.
 */
export class Catalogue {
	readonly #options: CatalogueOptions;
	readonly #periodic: Periodic;

	constructor(options: CatalogueOptions) {
		this.#options = options;
		const { everyMs, onError } = options;
		this.#periodic = new Periodic({ everyMs, work: () => this.describeUnknown(), onError });
	}

	start(): void {
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}

	async describeUnknown(): Promise<void> {
		const { pg, describe } = this.#options;
		const rows = await pg.query<{ id: string }>(claimUnknown, [batchSize]);
		if (rows.length === 0) return;
		const known = await describe(rows.map(({ id }) => id));
		await pg.query(storeDescriptions, describedProducts.values(known));
	}
}
