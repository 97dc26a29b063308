import { config } from "../../config/index.ts";
import { product as contract } from "../../contracts/product.ts";
import { Idempotency } from "../../idempotency/idempotency.ts";
import { keyedRequest, markReplayed } from "../../idempotency/keyed-request.ts";
import { instantOf } from "../../lib/instant.ts";
import { identityOf } from "../../lib/identity.ts";
import { Periodic } from "../../lib/periodic.ts";
import { service } from "../../lib/service.ts";
import { SequelizeModel, type WithModel } from "../../mixins/sequelize-model.mixin.ts";
import { Publishing, type WithOutbox } from "../../mixins/outbox.mixin.ts";
import { Postgres } from "../../mixins/postgres.mixin.ts";
import { Stream } from "../../mixins/stream.mixin.ts";
import { payablePrice } from "./price.decisions.ts";
import { defineProduct, type ProductRow } from "./product.model.ts";
import { refill, statements, toMessage } from "./product.outbox.ts";
import { ProductRepository } from "./product.repository.ts";
import { ReservationRepository } from "./stock/reservation.repository.ts";
import { StockRepository } from "./stock/stock.repository.ts";

interface This extends WithModel<ProductRow>, WithOutbox {
	products: ProductRepository;
	stock: StockRepository;
	reservations: ReservationRepository;
	sweeper: Periodic;
}

const sweepEveryMs = 5000;
const sweepLimit = 500;

/**
 * The catalogue and its stock. Stock changes in steps that may be repeated, late or out of order
 * (`stock/stock.statements.ts`); the catalogue never changes it.
 */
export default service<typeof contract.actions, This>(contract, {
	// The last starts first and stops last.
	mixins: [
		Publishing(statements, toMessage),
		Stream(),
		SequelizeModel(defineProduct),
		Postgres("product")
	],

	actions: {
		async create(ctx) {
			const entry = { ...ctx.params, price: payablePrice(ctx.params.price) };
			const id = await this.stock.create(entry, identityOf(ctx.meta).id);
			return this.products.get(id);
		},

		update(ctx) {
			const { id, version, price: given, ...texts } = ctx.params;
			const price = given && payablePrice(given);
			const priced = price && { price_minor: price.amount, currency: price.currency };
			return this.products.update(id, version, { ...texts, ...priced });
		},

		archive(ctx) {
			return this.products.update(ctx.params.id, ctx.params.version, { archived: true });
		},

		async "stock.adjust"(ctx) {
			const { id } = identityOf(ctx.meta);
			const { answer, replayed } = await this.stock.adjust(ctx.params, keyedRequest(ctx), id);
			markReplayed(ctx, replayed);
			return answer;
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
			this.outbox?.nudge();
			return counted!;
		},

		async ready() {
			const { ok } = await this.checkModel();
			return ok ? this.checkDatabase() : { ok };
		}
	},

	started() {
		this.products = new ProductRepository(this.model, this.pg, config().catalogue.textSearch);
		const limits = config().stock;
		this.stock = new StockRepository(this.pg, new Idempotency(this.pg), limits.lowStock);
		this.reservations = new ReservationRepository(this.pg, limits);
		// Runs on every node: a second sweep of the same rows waits for their locks and finds nothing left.
		this.sweeper = new Periodic({
			everyMs: sweepEveryMs,
			work: async () => (await this.reservations.sweep(sweepLimit)) === sweepLimit,
			onError: ({ message }) => this.logger.warn("expired reservations were not released:", message)
		});
		this.sweeper.start();
	},

	stopping: {
		stopPolling() {
			void this.sweeper?.stop();
		}
	},

	async stopped() {
		await this.sweeper?.stop();
	}
});
