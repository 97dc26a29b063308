import { config } from "../../config/index.ts";
import { product as contract } from "../../contracts/product.ts";
import { Gauges, outboxGauges, type Lag } from "../../lib/gauges.ts";
import { instantOf } from "../../lib/instant.ts";
import { identityOf } from "../../lib/identity.ts";
import { service } from "../../lib/service.ts";
import { Database, type WithModel } from "../../mixins/database.mixin.ts";
import { Postgres, type WithPostgres } from "../../mixins/postgres.mixin.ts";
import { Stream, type WithStream } from "../../mixins/stream.mixin.ts";
import { Relay } from "../../streams/relay.ts";
import { defineProduct, type ProductRow } from "./product.model.ts";
import { purge, lag, mark, pending, refill, toMessage, type OutboxRow } from "./product.outbox.ts";
import { ProductRepository } from "./product.repository.ts";
import { ReservationRepository } from "./stock/reservation.repository.ts";
import { StockRepository } from "./stock/stock.repository.ts";

interface This extends WithModel<ProductRow>, WithPostgres, WithStream {
	products: ProductRepository;
	stock: StockRepository;
	reservations: ReservationRepository;
	relay: Relay<OutboxRow>;
	gauges: Gauges;
	sweeper: NodeJS.Timeout;
	sweep(): Promise<void>;
}

const sweepEveryMs = 5000;
const sweepLimit = 500;

/**
 * The catalogue and the stock behind it. Units leave the sale in steps that may be repeated, come
 * late or out of order (`stock/stock.statements.ts`); the catalogue never touches them.
 */
export default service<typeof contract.actions, This>(contract, {
	mixins: [Database(defineProduct), Postgres("product"), Stream()],

	actions: {
		async create(ctx) {
			const id = await this.stock.create(ctx.params, identityOf(ctx.meta).id);
			return this.products.get(id);
		},

		update(ctx) {
			const { id, version, price, ...texts } = ctx.params;
			const priced = price && { price_minor: price.amount, currency: price.currency };
			return this.products.update(id, version, { ...texts, ...priced });
		},

		archive(ctx) {
			return this.products.update(ctx.params.id, ctx.params.version, { archived: true });
		},

		"stock.adjust"(ctx) {
			return this.stock.adjust(ctx.params, identityOf(ctx.meta).id);
		},

		async reserve(ctx) {
			return { outcomes: await this.reservations.reserve(ctx.params) };
		},

		async lock(ctx) {
			return { outcomes: await this.reservations.lock(ctx.params.order_ids) };
		},

		async commit(ctx) {
			return { outcomes: await this.reservations.commit(ctx.params.order_ids) };
		},

		async release(ctx) {
			return { outcomes: await this.reservations.release(ctx.params.order_ids) };
		},

		async restock(ctx) {
			return { outcomes: await this.reservations.restock(ctx.params.order_ids) };
		},

		async restockReturn(ctx) {
			const restocked = await this.reservations.restockReturn(ctx.params);
			return { state: restocked ? "restocked" : "refused" };
		},

		list(ctx) {
			return this.products.list(ctx.params);
		},

		get(ctx) {
			return this.products.get(ctx.params.id);
		},

		categories() {
			return this.products.categories();
		},

		"stock.get"(ctx) {
			return this.stock.get(ctx.params.product_id);
		},

		async describe(ctx) {
			return { products: await this.products.describe(ctx.params.product_ids) };
		},

		quote(ctx) {
			return this.stock.quote(ctx.params.product_ids);
		},

		async "outbox.refill"(ctx) {
			const { from, dry_run = false } = ctx.params;
			const since = instantOf(from, "/from");
			const [counted] = await this.pg.query<{ refilled: number }>(refill, [since, dry_run]);
			this.relay.nudge();
			return counted!;
		},

		ready() {
			return this.checkDatabase();
		}
	},

	methods: {
		/** Every node sweeps: two that meet wait for each other's rows and then find them done. */
		async sweep() {
			try {
				await this.reservations.sweep(sweepLimit);
			} catch (error) {
				this.logger.warn("expired holds were not swept:", (error as Error).message);
			}
		}
	},

	started() {
		this.products = new ProductRepository(this.model);
		const { lowStock } = config().stock;
		this.stock = new StockRepository(this.pg, lowStock);
		this.reservations = new ReservationRepository(this.pg, lowStock);
		this.relay = new Relay<OutboxRow>({
			driver: this.stream,
			db: this.pg,
			name: "product",
			pending,
			mark,
			purge,
			read: toMessage,
			prepare: () => this.createTopics(),
			onError: ({ message }) =>
				this.logger.warn("cannot publish low-stock events, retrying:", message)
		});
		this.gauges = new Gauges(
			this.broker,
			async () => outboxGauges("product", (await this.pg.query<Lag>(lag))[0]!),
			({ message }) => this.logger.debug("how much low stock waits is not known:", message)
		);
		this.relay.start();
		this.gauges.start();
		this.sweeper = setInterval(() => void this.sweep(), sweepEveryMs);
	},

	async stopped() {
		clearInterval(this.sweeper);
		await this.gauges?.stop();
		await this.relay?.stop();
	}
});
