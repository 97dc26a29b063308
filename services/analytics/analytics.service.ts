import { analytics as contract } from "../../contracts/analytics.ts";
import { product } from "../../contracts/product.ts";
import { newId } from "../../lib/id.ts";
import { call, service } from "../../lib/service.ts";
import { Postgres, type WithPostgres } from "../../mixins/postgres.mixin.ts";
import { Stream, type WithStream } from "../../mixins/stream.mixin.ts";
import { topics } from "../../streams/topics.ts";
import { Catalogue } from "./analytics.catalogue.ts";
import { Reports } from "./analytics.reports.ts";
import { Teller } from "./analytics.teller.ts";

const everyMs = 1000;

interface This extends WithPostgres, WithStream {
	reports: Reports;
	teller: Teller;
	catalogue: Catalogue;
}

/** What was sold, minute by minute, as the order events say. */
export default service<typeof contract.actions, This>(contract, {
	mixins: [Postgres("analytics"), Stream()],

	actions: {
		windows(ctx) {
			return this.reports.windows(ctx.params);
		},

		summary(ctx) {
			return this.reports.summary(ctx.params);
		},

		topProducts(ctx) {
			return this.reports.topProducts(ctx.params);
		},

		ready() {
			return this.checkDatabase();
		}
	},

	created() {
		this.reports = new Reports(this.pg, topics.orders);
		this.catalogue = new Catalogue({
			pg: this.pg,
			describe: async product_ids =>
				(await call(this.broker, product.actions.describe, { product_ids })).products,
			everyMs,
			onError: ({ message }) => this.logger.warn("sold products are not known yet:", message)
		});
	},

	started() {
		this.teller = new Teller({
			pg: this.pg,
			topic: topics.orders,
			extents: () => this.stream.extents(topics.orders),
			newId,
			everyMs,
			onError: ({ message }) => this.logger.warn("windows wait to be told of:", message)
		});
		this.teller.start();
		this.catalogue.start();
	},

	async stopped() {
		await this.catalogue.stop();
		await this.teller?.stop();
	}
});
