import type { Decision, Payment, Review } from "../../contracts/payment.ts";
import type { Database, Statement, Transaction } from "../../db/database.ts";
import type { Answered, Idempotency } from "../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../idempotency/keyed-request.ts";
import { fail, invalid } from "../../lib/errors.ts";
import type { Identity } from "../../lib/identity.ts";
import type { ReviewLoad } from "./payment.metrics.ts";
import { forStaff } from "./payment.representation.ts";
import type { Refunds } from "./refunds/refunds.ts";
import type { RefundRepository, RefundVerdict } from "./refunds/refund.repository.ts";

const since = `to_char(since at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const list: Statement = {
	name: "review.list",
	text: `select id, kind, payment_id, order_id,
			json_build_object('amount', amount_minor, 'currency', currency) as amount,
			review_reason as reason, provider_ref, ${since} as since
		from (
			select id, 'payment' as kind, id as payment_id, order_id, amount_minor, currency, review_reason,
				provider_ref, updated_at as since
			from payment.payments where status = 'review'
			union all
			select r.id, 'refund', r.payment_id, p.order_id, r.amount_minor, p.currency, r.review_reason,
				r.provider_ref, r.updated_at
			from payment.refunds r join payment.payments p on p.id = r.payment_id
			where r.status = 'review') x
		order by since, id limit $1`
};

export const count: Statement = {
	name: "review.count",
	text: `select 'payment' as kind, count(*)::int as count from payment.payments where status = 'review'
		union all select 'refund', count(*)::int from payment.refunds where status = 'review'`
};

export const find: Statement = {
	name: "review.find",
	text: `select 'payment' as kind, status from payment.payments
		where id = $1 and amount_minor is not null
		union all select 'refund', status from payment.refunds where id = $1`
};

export const decide: Statement = {
	name: "review.decide",
	text: `with changed as (
			update payment.payments p set status = $2, provider_ref = coalesce($3, p.provider_ref),
				failure_code = $4, seq = p.seq + 1, updated_at = clock_timestamp()
			where p.id = $1 and p.status = 'review'
				and ($2 <> 'succeeded' or coalesce($3, p.provider_ref) is not null)
			returning p.*)
		insert into payment.events (payment_id, seq, type, amount_minor, status, refunded_minor, actor,
			data, at)
		select id, seq, 'decided', amount_minor, status, refunded_minor, $5::jsonb,
			jsonb_strip_nulls(jsonb_build_object('provider_ref', provider_ref, 'failure_code', failure_code,
				'review_reason', review_reason)) || $6::jsonb, updated_at
		from changed
		returning payment_id`
};

export const decided: Statement = { name: "review.decided", text: forStaff("$1::uuid") };

export interface Finding {
	id: string;
	decision: Decision;
	provider_ref?: string;
	note: string;
}

export interface ReviewsOptions {
	pg: Database;
	idempotency: Idempotency;
	repository: RefundRepository;
	refunds: Refunds;
}

interface Decided {
	payment_id: string;
}

interface Found {
	kind: Review["kind"];
	status: string;
}

/** Payments and refunds in review. Decisions record what is true at the provider; nothing is sent. */
export class Reviews {
	readonly #options: ReviewsOptions;

	constructor(options: ReviewsOptions) {
		this.#options = options;
	}

	list(limit: number): Promise<Review[]> {
		return this.#options.pg.query<Review>(list, [limit]);
	}

	load(): Promise<ReviewLoad[]> {
		return this.#options.pg.query<ReviewLoad>(count);
	}

	/** @throws NOT_FOUND, PAYMENT_NOT_IN_REVIEW, VALIDATION_FAILED, IDEMPOTENCY_KEY_REUSED */
	decide(
		finding: Finding,
		request: KeyedRequest | undefined,
		actor: Identity
	): Promise<Answered<Payment>> {
		return this.#options.idempotency.once(request, async tx => {
			const { kind } = await this.#findOpen(finding.id, tx);
			const row =
				kind === "payment"
					? await this.#decidePayment(finding, actor, tx)
					: await this.#decideRefund(finding, actor, tx);
			const { payment_id } = row ?? fail("PAYMENT_NOT_IN_REVIEW");
			const [shown] = await tx.query<{ payment: Payment }>(decided, [payment_id]);
			return shown!.payment;
		});
	}

	/** @throws NOT_FOUND, PAYMENT_NOT_IN_REVIEW */
	async #findOpen(id: string, tx: Transaction): Promise<Found> {
		const [found] = await tx.query<Found>(find, [id]);
		if (!found) return fail("NOT_FOUND");
		return found.status === "review" ? found : fail("PAYMENT_NOT_IN_REVIEW");
	}

	async #decidePayment(
		{ id, decision, provider_ref = undefined, note }: Finding,
		actor: Identity,
		tx: Transaction
	): Promise<Decided | undefined> {
		const isCharged = decision === "charged";
		const [row] = await tx.query<Decided>(decide, [
			id,
			isCharged ? "succeeded" : "failed",
			provider_ref ?? null,
			isCharged ? null : decision,
			JSON.stringify(actor),
			JSON.stringify({ decision, note })
		]);
		if (row) return row;
		// Another decision may have come first.
		await this.#findOpen(id, tx);
		if (isCharged && !provider_ref)
			invalid("/provider_ref", "required", "is required: the provider has returned none so far");
		return undefined;
	}

	/** A refund that was not made restores its amount; one of the shop is started again, since it is still owed. */
	async #decideRefund(
		{ id, decision, provider_ref: ref = "elsewhere", note }: Finding,
		actor: Identity,
		tx: Transaction
	): Promise<Decided | undefined> {
		if (decision === "not_charged")
			invalid("/decision", "enum", "a refund is `charged` (not refunded) or `refunded_elsewhere`");
		const verdict: RefundVerdict =
			decision === "charged"
				? { status: "failed", code: "not_refunded" }
				: { status: "succeeded", ref };
		const { repository, refunds } = this.#options;
		const row = await repository.decide(tx, id, verdict, { actor, data: { decision, note } });
		if (row && verdict.status === "failed") await refunds.startAgain(tx, row);
		return row;
	}
}
