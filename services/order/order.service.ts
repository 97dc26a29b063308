import type { Context } from "moleculer";
import { config } from "../../config/index.ts";
import type { OrderSaga } from "../../contracts/order-saga.ts";
import { gatewayStopping, order as contract, type Order } from "../../contracts/order.ts";
import { awaitedStatuses, isInternal, type OrderStatus } from "../../contracts/order-status.ts";
import { paymentSettled } from "../../contracts/payment.ts";
import { fail } from "../../lib/errors.ts";
import { Idempotency } from "../../idempotency/idempotency.ts";
import { keyedRequest, markReplayed, type KeyedRequest } from "../../idempotency/keyed-request.ts";
import { Gauges } from "../../lib/gauges.ts";
import { identityOf, ownerScope, type Identity, type Meta } from "../../lib/identity.ts";
import { instantOf } from "../../lib/instant.ts";
import { listById } from "../../lib/keyset.ts";
import { LogContext } from "../../lib/log/line-context.ts";
import { poll, within } from "../../lib/retry.ts";
import { onHint, service } from "../../lib/service.ts";
import { Publishing, type WithOutbox } from "../../mixins/outbox.mixin.ts";
import { Postgres } from "../../mixins/postgres.mixin.ts";
import { Stream } from "../../mixins/stream.mixin.ts";
import { Backlog } from "./placement/backlog.ts";
import { Cancellation } from "./lifecycle/cancellation.ts";
import { Fulfilment } from "./lifecycle/fulfilment.ts";
import { OrderHistory } from "./storage/history.ts";
import { countOrders, sagaGauges } from "./order.metrics.ts";
import { OrderPayments } from "./lifecycle/payment-details.ts";
import { PaymentNotices } from "./lifecycle/payment-notices.ts";
import { OutcomeWaits, type OutcomeWait } from "./placement/outcome-waits.ts";
import { Placement, type NewOrder, type Placed } from "./placement/placement.ts";
import { withAlpha2Country } from "./placement/shipping-address.ts";
import { Poller } from "./saga/poller.ts";
import { OrderList } from "./storage/order-list.ts";
import { OrderRepository } from "./storage/order.repository.ts";
import { statements, toMessage } from "./outbox/order.outbox.ts";
import { refill } from "./outbox/refill.ts";
import { Returns } from "./returns/returns.ts";
import { SagaRunner } from "./saga/saga.runner.ts";
import { SagaAdmin } from "./saga/saga.admin.ts";
import { SagaSteps } from "./saga/steps.ts";

interface This extends WithOutbox {
	idempotency: Idempotency;
	orders: OrderRepository;
	orderList: OrderList;
	history: OrderHistory;
	payments: OrderPayments;
	notices: PaymentNotices;
	placement: Placement;
	cancellation: Cancellation;
	fulfilment: Fulfilment;
	returns: Returns;
	saga: SagaRunner;
	poller: Poller;
	waits: OutcomeWaits;
	sagaAdmin: SagaAdmin;
	sagaGauges: Gauges;
	startSaga(placed: NewOrder): Order;
	firstAnswer(request: KeyedRequest, placed: Placed, order: Order, by: Waiting): Promise<Order>;
	outcome(order: Order, waitS: number, wait: OutcomeWait): Promise<Order>;
}

/** How long the sender of a request waits, in seconds, and the node that passes it on. */
interface Waiting {
	waitS: number;
	node: string;
}

/**
 * Accepts orders and runs their lifecycle. `order.machine` decides which transitions are allowed; the saga
 * carries them out. A status, its history and its event are written in one transaction, so every stored order has
 * its event, and every event its order.
 */
export default service<(typeof contract)["actions"], This>(contract, {
	// The last starts first and stops last.
	mixins: [Publishing(statements, toMessage), Stream(), Postgres("order")],

	actions: {
		async place(ctx) {
			const identity = identityOf(ctx.meta);
			onlyForOneself(identity, ctx.params.user_id);
			const { wait_s = 0 } = ctx.params;
			// How long its sender waits is no part of the request, nor is the sender.
			const request = keyedRequest(ctx, ["wait_s", "user_id"], withAlpha2Country);
			const { traceparent } = ctx.meta;
			const placed = await this.placement.place(ctx.params, request, identity, traceparent);
			const order = "incarnation" in placed ? this.startSaga(placed) : placed.order;
			const by = { waitS: wait_s, node: ctx.nodeID! };
			const answer = await this.firstAnswer(request, placed, order, by);
			markReplayed(ctx, placed.replayed);
			return { order: answer, replayed: placed.replayed };
		},

		async cancel(ctx) {
			const cancelled = await this.cancellation.cancel(
				ctx.params,
				keyedRequest(ctx),
				identityOf(ctx.meta)
			);
			markReplayed(ctx, cancelled.replayed);
			return cancelled;
		},

		async ship(ctx) {
			const { carrier, tracking_number } = ctx.params;
			const { answer, replayed } = await this.fulfilment.ship(requestOf(ctx), {
				carrier,
				tracking_number
			});
			markReplayed(ctx, replayed);
			return answer;
		},

		async correctShipment(ctx) {
			const { carrier, tracking_number } = ctx.params;
			const { answer, replayed } = await this.fulfilment.correctShipment(requestOf(ctx), {
				carrier,
				tracking_number
			});
			markReplayed(ctx, replayed);
			return answer;
		},

		async deliver(ctx) {
			const { answer, replayed } = await this.fulfilment.deliver(requestOf(ctx));
			markReplayed(ctx, replayed);
			return answer;
		},

		async get(ctx) {
			const { id } = ctx.params;
			const at = ctx.params.at && instantOf(ctx.params.at, "/at");
			const owner = ownerScope(ctx.meta);
			const found = at ? this.history.at(id, owner, at) : this.orders.get(id, owner);
			return this.payments.attachOne(await found, { at, viewer: identityOf(ctx.meta).id });
		},

		async list(ctx) {
			const page = await this.orderList.page(ctx.params, ownerScope(ctx.meta));
			const viewer = identityOf(ctx.meta).id;
			return { ...page, data: await this.payments.attach(page.data, { viewer }) };
		},

		async events(ctx) {
			return this.history.events(ctx.params, ownerScope(ctx.meta));
		},

		async "return.request"(ctx) {
			const { meta, params } = ctx;
			const requested = await this.returns.request(params, keyedRequest(ctx), identityOf(meta));
			markReplayed(ctx, requested.replayed);
			return requested;
		},

		async "return.list"(ctx) {
			return this.returns.list(ctx.params, ownerScope(ctx.meta));
		},

		async "return.get"(ctx) {
			return this.returns.get(ctx.params.id, ownerScope(ctx.meta));
		},

		async "return.approve"(ctx) {
			const { restock = true, note = null } = ctx.params;
			const approved = await this.returns.approve(requestOf(ctx), { restock, note });
			this.poller.nudge();
			markReplayed(ctx, approved.replayed);
			return approved.return;
		},

		async "return.reject"(ctx) {
			const rejected = await this.returns.reject(requestOf(ctx), ctx.params.note);
			markReplayed(ctx, rejected.replayed);
			return rejected.return;
		},

		async "saga.list"(ctx) {
			const { waits_for, limit = 20, cursor } = ctx.params;
			const list = listById(`sagas ${waits_for}`, (row: OrderSaga) => row.order_id);
			const after = list.after(cursor)?.id;
			return list.page(await this.sagaAdmin.list(waits_for, after, limit + 1), limit);
		},

		async "saga.get"(ctx) {
			return this.sagaAdmin.get(ctx.params.id);
		},

		async "saga.retry"(ctx) {
			const saga = await this.sagaAdmin.retry(ctx.params.id);
			this.poller.nudge();
			return saga;
		},

		async "saga.resolve"(ctx) {
			const { request, actor } = requestOf(ctx);
			const { id, note, decision } = ctx.params;
			const { answer, replayed } = await (decision === "cancel"
				? this.sagaAdmin.forceCancel({ id, note }, request, actor)
				: this.sagaAdmin.endWithoutRestock({ id, note }, request));
			this.poller.nudge();
			markReplayed(ctx, replayed);
			return answer;
		},

		"outbox.lag"() {
			return (this.outbox ?? fail("UNAVAILABLE")).lag();
		},

		async "outbox.refill"(ctx) {
			const { from, before, cursor, dry_run: dry = false } = ctx.params;
			const page = await refill(this.pg, {
				from: instantOf(from, "/from"),
				cursor,
				dry,
				before: before && instantOf(before, "/before")
			});
			if (page.refilled > 0) this.outbox?.nudge();
			return page;
		},

		async ready() {
			return this.checkDatabase();
		}
	},

	// A lost hint only costs time: a sleeping order wakes by itself.
	events: {
		...onHint(paymentSettled, async function (this: This, { order_ids }) {
			this.notices.nudge();
			await this.sagaAdmin.wake(order_ids);
			this.poller.nudge();
		}),
		...onHint(gatewayStopping, function (this: This, { node_id }) {
			this.waits.releaseNode(node_id);
		})
	},

	methods: {
		/** This node placed the order, so it holds the lease and runs the saga. Returns the order, which the saga updates. */
		startSaga({ order: placed, incarnation, payment_method, traceparent }: NewOrder): Order {
			const order = { ...placed };
			const lease = {
				fence: 1,
				incarnation,
				attempt: 0,
				waitsFor: null,
				step: "forward",
				returning: null,
				refundReported: 0
			} as const;
			const work = { ...lease, payment_method, cancelRequested: false, overdue: false };
			void this.saga.start({ ...work, order, traceparent });
			return order;
		},

		/** The stored response, or the one that this request waits for, unless another one is stored first. */
		async firstAnswer(request: KeyedRequest, placed: Placed, order: Order, by: Waiting) {
			if (placed.isAnswered) return placed.order;
			const seen = await this.waits.during(by.node, wait => this.outcome(order, by.waitS, wait));
			return this.idempotency.answer(request, seen);
		},

		/**
		 * The order once it has an outcome or its customer must act, or its state when the time is over or a stop
		 * releases the wait. If the saga runs here, `order` is updated by it; if it sleeps, or runs on another node, the
		 * order is read again.
		 */
		async outcome(order: Order, waitS: number, wait: OutcomeWait): Promise<Order> {
			if (waitS === 0) return order;
			const deadline = performance.now() + waitS * 1000;
			const run = this.saga.running(order.id) ?? Promise.resolve();
			await within(waitS * 1000, Promise.race([run, wait.released]));
			if (!awaitedStatuses.has(order.status)) return order;
			await poll(() => this.orders.progress(order.id), {
				everyMs: 100,
				withinMs: deadline - performance.now(),
				isDone: ({ status, waits_for }) => !awaitedStatuses.has(status) || waits_for === "customer",
				isStopping: () => wait.isReleased
			});
			const found = await this.orders.get(order.id, undefined);
			// The order was placed, even if its payment cannot be read now.
			return this.payments.attachOne(found, { viewer: order.user_id }).catch(() => found);
		}
	},

	created() {
		const { saga, pricing, orders } = config();
		const nodeId = this.broker.nodeID;
		const lease = { nodeId, leaseMs: saga.leaseMs };
		const backlog = new Backlog(this.pg, saga.maxInFlight);
		const count = (status: OrderStatus, orders = 1) => {
			countOrders(this.broker, status, orders);
			if (!isInternal(status)) this.outbox?.nudge();
		};
		this.orders = new OrderRepository(this.pg);
		this.orderList = new OrderList(this.pg);
		this.history = new OrderHistory(this.pg);
		this.payments = new OrderPayments(this.broker);
		this.idempotency = new Idempotency(this.pg);
		this.placement = new Placement(this.broker, this.pg, this.idempotency, {
			...lease,
			...orders,
			pricing,
			backlog,
			onTransition: count
		});
		this.sagaAdmin = new SagaAdmin(this.pg, this.idempotency, this.orders);
		this.cancellation = new Cancellation(this.idempotency, this.orders, this.payments, count);
		this.fulfilment = new Fulfilment(this.idempotency, this.orders, this.payments, count);
		this.returns = new Returns(this.pg, this.idempotency, this.orders, count);
		this.saga = new SagaRunner({
			steps: new SagaSteps(this.broker, this.pg, count),
			onError: ({ order: { id } }, error) =>
				this.logger.warn(`order ${id} will be retried:`, error, new LogContext({ orderId: id }))
		});
		this.waits = new OutcomeWaits();
		this.notices = new PaymentNotices({
			broker: this.broker,
			db: this.pg,
			orders: this.orders,
			everyMs: noticesEveryMs,
			onTransition: count,
			onDue: () => this.poller.nudge(),
			onError: error => this.logger.warn("cannot read payment notices, retrying:", error.message)
		});
		this.sagaGauges = new Gauges(this.broker, async () => sagaGauges(await this.sagaAdmin.load()), {
			onError: ({ message }) => this.logger.debug("cannot count sagas:", message)
		});
		this.poller = new Poller(this.pg, {
			...lease,
			backlog,
			pollMs: saga.pollMs,
			onClaimed: work => void this.saga.start(work),
			onError: error => this.logger.warn("cannot poll for waiting orders, retrying:", error.message)
		});
	},

	started() {
		this.poller.start();
		this.notices.start();
		this.sagaGauges.start();
	},

	stopping: {
		answerWaiting() {
			this.waits.releaseAll();
		},
		// Sagas that run go on, and orders that still come start theirs; leases are released at the end.
		async stopPolling() {
			await Promise.all([this.notices.stop(), this.poller.pause()]);
		},
		async finishWork() {
			await within(stopGraceMs, this.saga.idle());
		}
	},

	async stopped() {
		await Promise.all([this.notices.stop(), this.sagaGauges.stop()]);
		await this.poller.stop();
	}
});

/** A hint says when there is one; this is for lost hints. */
const noticesEveryMs = 2000;

/** Orders in progress when the node stops get this long, in ms; then other nodes claim them. */
const stopGraceMs = 3000;

/** Another user's `user_id` is valid input, so this is no 422. @throws FORBIDDEN for anyone else's */
function onlyForOneself({ id }: Identity, userId: string | undefined): void {
	if (userId !== undefined && userId !== id)
		fail("FORBIDDEN", "An order can be placed for oneself only");
}

/** A command of staff, whose key is optional: its target, the request under its key, and who sends it. */
const requestOf = (
	ctx: Context<{ id: string; version?: number; idempotency_key?: string }, Meta>
) => ({
	id: ctx.params.id,
	version: ctx.params.version,
	request: keyedRequest(ctx),
	actor: identityOf(ctx.meta)
});
