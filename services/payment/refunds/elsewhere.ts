import type { Share } from "../../../contracts/payment.ts";
import type { Transaction } from "../../../db/database.ts";
import { payableStep } from "../../../lib/currency/payable.ts";
import { fail } from "../../../lib/errors.ts";
import { derivedId } from "../../../lib/id.ts";
import type { ListedRefund, PaymentProvider } from "../provider/provider.ts";
import {
	allocateToLines,
	capToRemaining,
	merged,
	remainingPerLine,
	sum
} from "../payment.allocation.ts";
import type { Balance, RefundRepository, RefundRow } from "./refund.repository.ts";
import { counted, elsewhere, isCounted, isElsewhere, isIn } from "./terms.ts";

export interface RefundsElsewhereOptions {
	repository: RefundRepository;
	provider: PaymentProvider;
	/** Called for every refund that is booked or was not made, and when booking is not possible. */
	onProblem(level: "warn", message: string): void;
}

/** A refund of the shop that the provider has refused, because too little is left of the charge. */
interface Refused {
	refund: RefundRow;
	code: string;
}

const actor = { id: "payment_provider", role: "system" } as const;
const reason = "refunded at the payment provider";

const isGivenUp = (row: RefundRow) => row.status === "failed" && !isElsewhere(row);

const amountOf = (refunds: readonly ListedRefund[]) =>
	refunds.reduce((total, { amount }) => total + amount.amount, 0);

/**
 * Of a refund that the shop requested and gave up, its own lines, as far as they are not refunded by now. What is
 * beyond them, and all of a refund that was made at the dashboard, is allocated to what is left of the lines.
 */
function linesOf(one: ListedRefund, balance: Balance, before: RefundRow[]): Share[] {
	const requested = before.find(row => isGivenUp(row) && isIn(row, one))?.lines ?? [];
	const own = capToRemaining(requested, remainingPerLine(balance.lines, counted(before)));
	const left = remainingPerLine(balance.lines, [...counted(before), ...own]);
	const rest = Math.max(0, Math.min(one.amount.amount - sum(own), sum(left)));
	return merged([...own, ...allocateToLines(rest, left, payableStep(balance.currency))]);
}

/**
 * Refunds that the shop did not request, e.g. at the provider's dashboard, or had taken for refused. They have been
 * made, so they are booked as they are, and count like those of the shop.
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
		// One that was taken for refused before the provider listed it as made is booked as well.
		const before = await repository.ofPayment(paymentId);
		const givenUp = new Set(before.filter(isGivenUp).map(({ id }) => id));
		const listed = await provider.refundsOf(chargeRef);
		const made = listed.filter(({ outcome }) => outcome.status !== "failed");
		const { booked, notMade } = await repository.transaction(async tx => {
			const balance = await repository.lock(tx, "id", paymentId);
			const rows = await repository.ofPayment(paymentId, tx);
			const isKnown = (one: ListedRefund) =>
				rows.some(row => {
					// Staff found it at the provider, and recorded it for a refund of the shop.
					if (isCounted(row) && row.provider_ref === one.ref) return true;
					const isMadeAfterAll = givenUp.has(row.id) && one.outcome.status === "succeeded";
					return isIn(row, one) && !isMadeAfterAll;
				});
			const unknown = made.filter(one => !isKnown(one));
			if (unknown.length === 0 || balance?.status !== "succeeded")
				return { booked: [], notMade: [] };
			if (refused) await this.#giveUp(tx, refused);
			const gaveWay = await this.#makeRoom(tx, amountOf(unknown), balance, made);
			for (const one of unknown) await this.#insert(tx, balance, one);
			return { booked: unknown, notMade: gaveWay };
		});
		for (const { id } of notMade)
			onProblem("warn", `refund ${id} of payment ${paymentId} was not made: too little was left`);
		for (const { ref } of booked)
			onProblem("warn", `refund ${ref} of payment ${paymentId} was made at the provider`);
		return booked.length > 0;
	}

	/**
	 * True if they leave too little for a refund that is to be sent again: it is recorded as failed then. A provider that
	 * answered a refused request with an error repeats that answer for as long as it keeps the key.
	 */
	async replaces(refund: RefundRow): Promise<boolean> {
		await this.#tryToBook(refund);
		// Another node may have booked them.
		return (await this.#options.repository.find(refund.id))!.status !== "pending";
	}

	/** True if a refund was refused because of them: they are booked then, and it is recorded as failed. Never rejects. */
	explains(refund: RefundRow, code: string): Promise<boolean> {
		return this.#tryToBook(refund, { refund, code });
	}

	async #tryToBook({ id, payment_id, charge_ref }: RefundRow, refused?: Refused): Promise<boolean> {
		try {
			return await this.book(payment_id, charge_ref, refused);
		} catch (error) {
			this.#options.onProblem("warn", `refund ${id}: ${(error as Error).message}`);
			return false;
		}
	}

	async #giveUp(tx: Transaction, { refund, code }: Refused): Promise<void> {
		const verdict = { status: "failed", code } as const;
		const { repository } = this.#options;
		await repository.settle(refund.id, verdict, refund.status, { tx });
	}

	/**
	 * The provider refunds no more than it charged, so of what does not fit beside its refunds some was not made:
	 * refunds in review that it does not list. One that is under way may still arrive, unless it alone is more than
	 * the provider has left. Answers those that gave way.
	 */
	async #makeRoom(
		tx: Transaction,
		needed: number,
		{ id: paymentId, amount_minor: charged }: Balance,
		made: readonly ListedRefund[]
	): Promise<RefundRow[]> {
		const { repository } = this.#options;
		const left = async () => {
			const { amount_minor, refunded_minor } = (await repository.lock(tx, "id", paymentId))!;
			return amount_minor - refunded_minor;
		};
		const leftThere = charged - amountOf(made);
		const cannotBeMade = ({ status, amount_minor }: RefundRow) =>
			status === "review" || (status === "pending" && amount_minor > leftThere);
		// What is certain comes first: a refund in review may be one that was made.
		const notMade = (await repository.ofPayment(paymentId, tx))
			.filter(row => cannotBeMade(row) && !made.some(one => isIn(row, one)))
			.toSorted((a, b) => Number(a.status === "review") - Number(b.status === "review"));
		const gaveWay: RefundRow[] = [];
		for (const refund of notMade) {
			if ((await left()) >= needed) break;
			await this.#giveUp(tx, { refund, code: "refunded_elsewhere" });
			gaveWay.push(refund);
		}
		if ((await left()) < needed) fail("UNAVAILABLE", "A refund of the shop is not decided yet");
		return gaveWay;
	}

	async #insert(tx: Transaction, balance: Balance, one: ListedRefund): Promise<void> {
		const { repository } = this.#options;
		const purpose = `${elsewhere}${one.ref}`;
		const before = await repository.ofPayment(balance.id, tx);
		const amount_minor = one.amount.amount;
		const lines = linesOf(one, balance, before);
		const id = derivedId(balance.id, purpose);
		const terms = { payment_id: balance.id, requested_minor: amount_minor, amount_minor };
		await repository.begin(tx, { id, purpose, ...terms, lines, reason, actor }, one.ref);
		if (one.outcome.status === "succeeded")
			await repository.settle(id, one.outcome, "pending", { tx });
	}
}
