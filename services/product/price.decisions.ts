import { invalid } from "../../lib/errors.ts";
import type { Money } from "../../lib/money.ts";
import { payableStep } from "../../lib/currency/payable.ts";

/**
 * Refuses a new price that no charge can have. The contract refuses its currency before; prices that were stored
 * earlier stay as they are.
 * @throws VALIDATION_FAILED
 */
export function checkPrice({ amount, currency }: Money): void {
	const step = payableStep(currency);
	if (amount % step === 0) return;
	invalid("/price/amount", "multipleOf", `must be a multiple of ${step} in ${currency}`);
}
