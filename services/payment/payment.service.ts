import { config } from "../../config/index.ts";
import { payment as contract, paymentSettled, type Payment } from "../../contracts/payment.ts";
import { Idempotency } from "../../idempotency/idempotency.ts";
import { keyedRequest, markReplayed } from "../../idempotency/keyed-request.ts";
import { fail } from "../../lib/errors.ts";
import { Gauges, publishGauges } from "../../lib/gauges.ts";
import { identityOf, ownerScope } from "../../lib/identity.ts";
import { service, emitHint } from "../../lib/service.ts";
import { Postgres, type WithPostgres } from "../../mixins/postgres.mixin.ts";
import { Charges } from "./charges/charges.ts";
import {
	breakerGauge,
	callMetric,
	metricsOf,
	reviewGauges,
	type MetricUpdate
} from "./payment.metrics.ts";
import { GuardedProvider } from "./provider/guarded.ts";
import type { PaymentProvider } from "./provider/provider.ts";
import { openProvider } from "./provider/provider.factory.ts";
import { Refunds } from "./refunds/refunds.ts";
import { RefundRepository } from "./refunds/refund.repository.ts";
import { PaymentRepository } from "./charges/payment.repository.ts";
import { Disputes } from "./disputes.ts";
import { Notices } from "./notices.ts";
import { Reviews } from "./reviews.ts";
import { Sweeper } from "./sweeper.ts";
import { Webhook } from "./provider-message.ts";

const sweepEveryMs = 2000;

interface This extends WithPostgres {
	payments: PaymentRepository;
	provider: PaymentProvider;
	charges: Charges;
	refunds: Refunds;
	reviews: Reviews;
	reviewGauges: Gauges;
	breakerGauges: Gauges;
	notices: Notices;
	webhook: Webhook;
	sweeper: Sweeper;
	getPayment(...asked: Parameters<PaymentRepository["get"]>): Promise<Payment>;
}

/**
 * Charges and refunds: one payment per order. Outcomes from the provider are recorded only here; `charges.ts` and
 * `refunds.ts` decide when it is called.
 */
export default service<typeof contract.actions, This>(contract, {
	mixins: [Postgres("payment")],

	actions: {
		async charge(ctx) {
			return { outcomes: await this.charges.charge(ctx.params.charges) };
		},

		async void(ctx) {
			return { outcomes: await this.charges.void(ctx.params.order_ids) };
		},

		async refund(ctx) {
			const { id, amount, reason } = ctx.params;
			const input = { amount, reason, actor: identityOf(ctx.meta) };
			const { answer, replayed } = await this.refunds.refund(id, keyedRequest(ctx), input);
			emitHint(this.broker, paymentSettled, { order_ids: [answer.order_id] });
			markReplayed(ctx, replayed);
			return { payment: answer, replayed };
		},

		async refundRemaining(ctx) {
			const { order_id, reason } = ctx.params;
			const { payment_id, state } = await this.refunds.refundRemaining(order_id, reason);
			return { state, payment: await this.getPayment("id", payment_id) };
		},

		async refundLines(ctx) {
			const { requested_by, ...request } = ctx.params;
			const actor = { id: requested_by, role: "system" } as const;
			return this.refunds.refundLines({ ...request, actor });
		},

		async webhook(ctx) {
			const { body_base64, signature } = ctx.params;
			await this.webhook.receive(Buffer.from(body_base64, "base64"), signature);
			return { received: true };
		},

		async "review.list"(ctx) {
			return { data: await this.reviews.list(ctx.params.limit ?? 20) };
		},

		async "review.decide"(ctx) {
			const { answer, replayed } = await this.reviews.decide(
				ctx.params,
				keyedRequest(ctx),
				identityOf(ctx.meta)
			);
			emitHint(this.broker, paymentSettled, { order_ids: [answer.order_id] });
			markReplayed(ctx, replayed);
			return answer;
		},

		async "notice.list"(ctx) {
			return { notices: await this.notices.list(ctx.params.limit) };
		},

		async "notice.acknowledge"(ctx) {
			await this.notices.acknowledge(ctx.params.ids);
			return { acknowledged: true };
		},

		async get(ctx) {
			const { id, order_id } = ctx.params;
			if ((id === undefined) === (order_id === undefined))
				fail("VALIDATION_FAILED", "Give either id or order_id");
			const [by, of] = id ? (["id", id] as const) : (["order_id", order_id!] as const);
			return this.getPayment(by, of, ownerScope(ctx.meta), identityOf(ctx.meta).id);
		},

		async summaries(ctx) {
			const { order_ids, at, viewer } = ctx.params;
			return { payments: await this.payments.summaries(order_ids, at, viewer) };
		},

		async ready() {
			return this.checkDatabase();
		}
	},

	methods: {
		async getPayment(...asked: Parameters<PaymentRepository["get"]>): Promise<Payment> {
			return (await this.payments.get(...asked)) ?? fail("NOT_FOUND");
		}
	},

	async started() {
		const { chargeWaitMs, challengeMs } = config().payment;
		const measure = (metric: MetricUpdate) =>
			void this.broker.broadcastLocal("metrics.update", metric);
		const provider = (this.provider = new GuardedProvider(await openProvider(config()), {
			onState: state => publishGauges(this.broker, [breakerGauge(state)]),
			onCall: (operation, result) => {
				if (result !== "ok") measure(callMetric(operation, result));
			}
		}));
		const { pg } = this;
		const onProblem = (level: "warn" | "error", message: string) => this.logger[level](message);
		const onLate = (order_ids: string[]) => emitHint(this.broker, paymentSettled, { order_ids });
		const payments = (this.payments = new PaymentRepository(pg));
		const charges = (this.charges = new Charges({
			repository: payments,
			provider,
			chargeWaitMs,
			challengeMs,
			onRecorded: rows => metricsOf(rows).forEach(measure),
			onLate,
			onProblem
		}));
		const repository = new RefundRepository(pg);
		const idempotency = new Idempotency(pg);
		const refunds = (this.refunds = new Refunds({
			repository,
			idempotency,
			provider,
			onLate,
			onProblem
		}));
		this.reviews = new Reviews({ pg, idempotency, repository, refunds });
		this.notices = new Notices(pg);
		const disputes = new Disputes({ pg, provider, onChange: onLate, onProblem });
		this.webhook = new Webhook({ pg, provider, payments, charges, refunds, disputes, onProblem });
		const onError = ({ message }: Error) => onProblem("warn", `cannot sweep: ${message}`);
		const sources = { payments, charges, repository, refunds };
		this.sweeper = new Sweeper({ ...sources, everyMs: sweepEveryMs, onError });
		this.sweeper.start();
		this.reviewGauges = new Gauges(
			this.broker,
			async () => reviewGauges(await this.reviews.load()),
			{ onError: ({ message }) => this.logger.debug("cannot count reviews:", message) }
		);
		this.reviewGauges.start();
		// No change of state says that the pause of an open breaker is over.
		this.breakerGauges = new Gauges(this.broker, async () => [breakerGauge(provider.state)], {
			onError: ({ message }) => this.logger.debug("cannot read the breaker:", message)
		});
		this.breakerGauges.start();
	},

	stopping: {
		stopPolling() {
			void this.sweeper?.stop();
		}
	},

	/** Charges in the background end first: they still need the provider and the database. */
	async stopped() {
		await Promise.all([
			this.sweeper?.stop(),
			this.reviewGauges?.stop(),
			this.breakerGauges?.stop()
		]);
		await this.charges?.idle();
		await this.provider?.close();
	}
});
