import { newId } from "../../../lib/id.ts";
import type {
	ChargeRequest,
	PaymentProvider,
	RefundRequest,
	StatementLine
} from "../../../services/payment/provider/provider.ts";
import { providerStands, type ProviderStand } from "../../support/shop/provider-stands.ts";

/** The provider's units and limits per currency, for each driver. */

function chargeOf(payment_method: string, { amount }: Pick<ChargeRequest, "amount">) {
	return { key: newId(), order_id: newId(), amount, payment_method };
}

function refundOf(charge_ref: string, { amount }: Pick<RefundRequest, "amount">): RefundRequest {
	return { key: newId(), payment_id: newId(), charge_ref, amount, reason: "broken" };
}

describe.each(providerStands)("%s", (_name, open) => {
	let stand: ProviderStand;
	let provider: PaymentProvider;

	beforeAll(async () => {
		stand = await open();
		({ provider } = stand);
	}, 40_000);
	afterAll(() => stand.close());

	/** Charges in the provider's ledger for an order. */
	async function taken(order_id: string) {
		return (await stand.ledger()).charges.filter(charge => charge.order_id === order_id);
	}

	async function paidBack(charge_ref: string): Promise<number[]> {
		const { refunds } = await stand.ledger();
		return refunds.filter(refund => refund.charge_ref === charge_ref).map(({ amount }) => amount);
	}

	it.each([
		[500, "ISK", 50_000],
		[1200, "UGX", 120_000],
		[50_000, "MGA", 500],
		[17_500, "HUF", 17_500],
		[100, "JPY", 100],
		[1230, "KWD", 1230],
		[999_999_999_999, "IDR", 999_999_999_999]
	])("charges %i %s as %i of its units, and refunds them", async (minor, currency, units) => {
		const since = new Date();
		const amount = { amount: minor, currency };
		const request = chargeOf("pm_card_visa", { amount });
		const outcome = await provider.charge(request);
		expect(outcome).toMatchObject({ status: "succeeded", amount });
		expect(await provider.retrieve(request.key)).toEqual(outcome);
		const { ref } = outcome as { ref: string };
		expect(await taken(request.order_id)).toMatchObject([{ amount: units, currency }]);
		const refund = refundOf(ref, { amount });
		expect(await provider.refund(refund)).toMatchObject({ status: "succeeded" });
		expect(await paidBack(ref)).toEqual([units]);
		const lines: StatementLine[] = [];
		const from = new Date(since.getTime() - 1000);
		for await (const line of provider.statement(from))
			if (line.payment_id === request.key) lines.push(line);
		expect(lines).toMatchObject([{ status: "succeeded", amount, refunded: amount }]);
	});

	it.each([
		[1235, "KWD", "amount_refused"],
		[150, "MGA", "amount_refused"],
		[49, "USD", "amount_refused"],
		[17_499, "HUF", "amount_refused"],
		[100_000_000, "USD", "amount_refused"],
		[1_000_000, "ISK", "amount_refused"],
		[Number.MAX_SAFE_INTEGER, "UGX", "amount_refused"],
		[1000, "KPW", "currency_refused"],
		[1000, "XAU", "currency_refused"],
		[1000, "IQD", "currency_refused"]
	])("refuses %i %s for good: %s", async (minor, currency, code) => {
		const request = chargeOf("pm_card_visa", { amount: { amount: minor, currency } });
		const refused = { status: "failed", ref: null, code };
		expect(await provider.charge(request)).toMatchObject(refused);
		expect(await provider.charge(request)).toMatchObject(refused);
		expect(await provider.retrieve(request.key)).toBeUndefined();
		expect(await taken(request.order_id)).toEqual([]);
	});

	it.each([
		[5000, "KWD", 1235],
		[50_000, "MGA", 150]
	])("refuses a refund that is not of its units: of %i %s, %i", async (minor, currency, part) => {
		const request = chargeOf("pm_card_visa", { amount: { amount: minor, currency } });
		const { ref } = (await provider.charge(request)) as { ref: string };
		const refund = refundOf(ref, { amount: { amount: part, currency } });
		expect(await provider.refund(refund)).toMatchObject({ status: "failed" });
		expect(await paidBack(ref)).toEqual([]);
	});
});
