import { payable } from "../../lib/currency/payable.ts";
import { invalid } from "../../lib/errors.ts";
import { roundToStep, type Money } from "../../lib/money.ts";

/**
 * A new price as it can be charged: rounded half to even to the step of its currency, which changes it only where the
 * provider does not take the last digit. Prices that were stored earlier stay as they are.
 * @throws VALIDATION_FAILED for a currency that cannot be paid, and above the most of one charge
 */
export function payablePrice(price: Money): Money {
	const { currency } = price;
	const rule = payable(currency);
	if (!rule) return invalid("/price/currency", "enum", `${currency} cannot be paid`);
	const rounded = roundToStep(price, rule.step);
	if (rounded.amount > rule.maximum)
		invalid("/price/amount", "maximum", `must be <= ${rule.maximum} in ${currency}`);
	return rounded;
}
