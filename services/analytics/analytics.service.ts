import { analytics as contract } from "../../contracts/analytics.ts";
import type { OrderStreamEvent } from "../../contracts/events.ts";
import { product } from "../../contracts/product.ts";
import type { Transaction } from "../../db/database.ts";
import { instantOf } from "../../lib/instant.ts";
import { call, service } from "../../lib/service.ts";
import { Publishing, type WithOutbox } from "../../mixins/outbox.mixin.ts";
import { Postgres } from "../../mixins/postgres.mixin.ts";
import { Consuming, type WithConsumer } from "../../mixins/consumer.mixin.ts";
import { consumerHandlers } from "../../mixins/consumer-handlers.ts";
import { Stream } from "../../mixins/stream.mixin.ts";
import { readOrderEvent } from "../../streams/messages/order-event-reader.ts";
import { topics } from "../../streams/messages/topics.ts";
import { Catalogue } from "./reports/catalogue.ts";
import { applyEvents, resetWindows, type EventBatch } from "./windows/intake.ts";
import { refill, statements, toPending } from "./windows/window.outbox.ts";
import { countLate } from "./analytics.metrics.ts";
import { Ownership } from "./ownership/ownership.mixin.ts";
import { Reports } from "./reports/reports.ts";
import { WindowEmitter } from "./windows/emitter.ts";

const everyMs = 1000;

interface This extends WithConsumer<OrderStreamEvent>, WithOutbox {
	reports: Reports;
	windowEmitter: WindowEmitter;
	catalogue: Catalogue;
}

/** Sales per minute, computed from the order events. */
export default service<typeof contract.actions, This>(contract, {
	// The last starts first and stops last: events need the log, and both need the database.
	mixins: [
		Publishing(statements, toPending),
		Ownership(),
		Consuming("analytics", { [topics.orders]: readOrderEvent }),
		Stream(),
		Postgres("analytics")
	],

	actions: {
		...consumerHandlers("again"),

		windows(ctx) {
			return this.reports.windows(ctx.params);
		},

		summary(ctx) {
			return this.reports.summary(ctx.params);
		},

		topProducts(ctx) {
			return this.reports.topProducts(ctx.params);
		},

		changes(ctx) {
			const { last_event_id, limit = 100 } = ctx.params;
			return this.reports.changes(last_event_id, limit);
		},

		"outbox.refill"(ctx) {
			const { from, dry_run = false } = ctx.params;
			return refill(this.pg, instantOf(from, "/from"), dry_run);
		},

		ready() {
			return this.checkDatabase();
		}
	},

	methods: {
		async handleEvents(work: EventBatch, tx: Transaction) {
			countLate(this.broker, await applyEvents(work, tx));
		},

		resetFrom: resetWindows
	},

	created() {
		this.reports = new Reports(this.pg, topics.orders);
		this.catalogue = new Catalogue({
			pg: this.pg,
			describe: async product_ids =>
				(await call(this.broker, product.actions.describe, { product_ids })).products,
			everyMs,
			onError: ({ message }) => this.logger.warn("cannot read the catalogue, retrying:", message)
		});
	},

	started() {
		this.windowEmitter = new WindowEmitter({
			pg: this.pg,
			topic: topics.orders,
			extents: () => this.stream.extents(topics.orders),
			everyMs,
			onError: ({ message }) => this.logger.warn("cannot emit windows, retrying:", message),
			onEmitted: () => this.outbox?.nudge()
		});
		this.windowEmitter.start();
		this.catalogue.start();
	},

	stopping: {
		stopPolling() {
			void this.catalogue.stop();
			void this.windowEmitter?.stop();
		}
	},

	async stopped() {
		await this.catalogue.stop();
		await this.windowEmitter?.stop();
	}
});
