import type { Transaction } from "../../../db/database.ts";
import { payableStep } from "../../../lib/currency/payable.ts";
import { fail } from "../../../lib/errors.ts";
import { derivedId } from "../../../lib/id.ts";
import type { ListedRefund, PaymentProvider } from "../provider/provider.ts";
import { allocateToLines, remainingPerLine, sum } from "../payment.allocation.ts";
import type { Balance, RefundRepository, RefundRow } from "./refund.repository.ts";
import { counted, elsewhere, isIn } from "./terms.ts";

export interface RefundsElsewhereOptions {
	repository: RefundRepository;
	provider: PaymentProvider;
	/** Called for every refund that is booked. */
	onProblem(level: "warn", message: string): void;
}

/** A refund of the shop that the provider has refused, because too little is left of the charge. */
interface Refused {
	refund: RefundRow;
	code: string;
}

const actor = { id: "payment_provider", role: "system" } as const;
const reason = "refunded at the payment provider";

const amountOf = (refunds: readonly ListedRefund[]) =>
	refunds.reduce((total, { amount }) => total + amount.amount, 0);

/**
 * Refunds that the shop did not request, e.g. at the provider's dashboard. They have been made, so they are booked
 * as they are, and count like those of the shop.
 */
export class RefundsElsewhere {
	readonly #options: RefundsElsewhereOptions;

	constructor(options: RefundsElsewhereOptions) {
		this.#options = options;
	}

	/**
	 * Books those of a payment that are not known; true if there are any. A refund that was refused because of them
	 * is then recorded as failed, and does not need a review.
	 * @throws UNAVAILABLE while an undecided refund of the shop is counted, so that there is no room for them
	 */
	async book(paymentId: string, chargeRef: string, refused?: Refused): Promise<boolean> {
		const { repository, provider, onProblem } = this.#options;
		const listed = await provider.refundsOf(chargeRef);
		const booked = await repository.transaction(async tx => {
			const balance = await repository.lock(tx, "id", paymentId);
			const rows = await repository.ofPayment(paymentId, tx);
			const isKnown = (one: ListedRefund) => rows.some(row => isIn(row, one));
			const unknown = listed.filter(one => one.outcome.status !== "failed" && !isKnown(one));
			if (unknown.length === 0 || balance?.status !== "succeeded") return [];
			if (refused) await this.#giveUp(tx, refused);
			await this.#makeRoom(tx, amountOf(unknown), balance.id, listed);
			for (const one of unknown) await this.#insert(tx, balance, one);
			return unknown;
		});
		for (const { ref } of booked)
			onProblem("warn", `refund ${ref} of payment ${paymentId} was made at the provider`);
		return booked.length > 0;
	}

	async #giveUp(tx: Transaction, { refund, code }: Refused): Promise<void> {
		const verdict = { status: "failed", code } as const;
		const { repository } = this.#options;
		await repository.settle(refund.id, verdict, refund.status, { tx });
	}

	/**
	 * The provider refunds no more than it charged, so of what does not fit beside its refunds some was not made:
	 * refunds in review that it does not list.
	 */
	async #makeRoom(
		tx: Transaction,
		needed: number,
		paymentId: string,
		listed: readonly ListedRefund[]
	): Promise<void> {
		const { repository } = this.#options;
		const left = async () => {
			const { amount_minor, refunded_minor } = (await repository.lock(tx, "id", paymentId))!;
			return amount_minor - refunded_minor;
		};
		const isMade = (row: RefundRow) =>
			listed.some(one => one.outcome.status !== "failed" && isIn(row, one));
		const inReview = (await repository.ofPayment(paymentId, tx)).filter(
			row => row.status === "review" && !isMade(row)
		);
		for (const refund of inReview)
			if ((await left()) < needed) await this.#giveUp(tx, { refund, code: "refunded_elsewhere" });
		if ((await left()) < needed) fail("UNAVAILABLE", "A refund of the shop is not decided yet");
	}

	async #insert(tx: Transaction, balance: Balance, one: ListedRefund): Promise<void> {
		const { repository } = this.#options;
		const purpose = `${elsewhere}${one.ref}`;
		const before = await repository.ofPayment(balance.id, tx);
		const amount_minor = one.amount.amount;
		const left = remainingPerLine(balance.lines, counted(before));
		const lines = allocateToLines(
			Math.min(amount_minor, sum(left)),
			left,
			payableStep(balance.currency)
		);
		const id = derivedId(balance.id, purpose);
		const terms = { payment_id: balance.id, requested_minor: amount_minor, amount_minor };
		await repository.begin(tx, { id, purpose, ...terms, lines, reason, actor }, one.ref);
		if (one.outcome.status === "succeeded")
			await repository.settle(id, one.outcome, "pending", { tx });
	}
}
