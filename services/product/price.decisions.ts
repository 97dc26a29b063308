import { invalid } from "../../lib/errors.ts";
import type { Money } from "../../lib/money.ts";
import { payable } from "../../lib/currency/payable.ts";

/**
 * Refuses a new price that no charge can have. The contract refuses its currency before; prices that were stored
 * earlier stay as they are.
 * @throws VALIDATION_FAILED
 */
export function checkPrice({ amount, currency }: Money): void {
	const rule = payable(currency);
	if (!rule) invalid("/price/currency", "enum", `${currency} cannot be paid`);
	const { step, maximum } = rule;
	if (amount % step !== 0)
		invalid("/price/amount", "multipleOf", `must be a multiple of ${step} in ${currency}`);
	if (amount > maximum) invalid("/price/amount", "maximum", `must be <= ${maximum} in ${currency}`);
}
