import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLedger } from "../../../psp/ledger/ledger.ts";
import { RejectedKeys } from "../../../psp/ledger/rejected-keys.ts";
import { IdempotencyConflict, RateLimited, type ChargeRequest } from "./provider.ts";
import { SimulatedProvider } from "./simulator.ts";

let folder: string;
let path: string;
let provider: SimulatedProvider;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "simulator-"));
	path = join(folder, "psp-ledger.jsonl");
	provider = await SimulatedProvider.open({ path });
});

afterEach(async () => {
	await provider.close();
	await rm(folder, { recursive: true });
});

function request(payment_method: string, over: Partial<ChargeRequest> = {}): ChargeRequest {
	const amount = { amount: 1000, currency: "USD" };
	return { key: "k", order_id: "o", amount, payment_method, ...over };
}

function refund(key: string, minor: number, charge_ref = "ch_k") {
	const amount = { amount: minor, currency: "USD" };
	return { key, payment_id: "p", charge_ref, amount, reason: "broken" };
}

describe("the simulated provider", () => {
	it.each([
		["pm_card_visa", "succeeded", undefined, "visa", "4242"],
		["pm_card_mastercard", "succeeded", undefined, "mastercard", "4444"],
		["pm_card_chargeDeclined", "failed", "card_declined", "visa", "0002"],
		[
			"pm_card_visa_chargeDeclinedInsufficientFunds",
			"failed",
			"insufficient_funds",
			"visa",
			"9995"
		],
		["pm_card_nobody_knows", "failed", "payment_method_unknown", null, null],
		["toString", "failed", "payment_method_unknown", null, null]
	])("returns %s as %s", async (name, status, code, brand, last4) => {
		const outcome = await provider.charge(request(name));
		expect(outcome).toMatchObject({ status, method: { brand, last4 } });
		expect("code" in outcome ? outcome.code : undefined).toBe(code);
		expect(await provider.retrieve("k")).toEqual(outcome);
	});

	it("charges a slow method after three seconds and not before", async () => {
		const charging = provider.charge(request("pm_sim_slow"));
		expect(await provider.retrieve("k")).toBeUndefined();
		expect(await charging).toMatchObject({ status: "succeeded" });
	});

	it("rate-limits the first attempt of a key, and keeps no key that was charged then", async () => {
		const rejects = jest.spyOn(RejectedKeys.prototype, "rejects");
		for (const key of ["a", "b"]) {
			const limited = request("pm_sim_rateLimitFirst", { key });
			await expect(provider.charge(limited)).rejects.toThrow(RateLimited);
			await expect(provider.charge(limited)).resolves.toMatchObject({ status: "succeeded" });
		}
		expect(rejects.mock.contexts[0]).toHaveProperty("size", 0);
		rejects.mockRestore();
	});

	it("charges, then drops the connection of the first attempt only", async () => {
		const dropped = request("pm_sim_dropConnection");
		await expect(provider.charge(dropped)).rejects.toThrow("connection lost");
		expect(await provider.retrieve("k")).toMatchObject({ status: "succeeded" });
		expect(await provider.charge(dropped)).toMatchObject({ status: "succeeded" });
		expect((await readLedger(path)).charges).toHaveLength(1);
	});

	it("repeats its first result under the same key, also after a restart", async () => {
		const first = await provider.charge(request("pm_card_visa"));
		await provider.close();
		provider = await SimulatedProvider.open({ path });
		expect(await provider.charge(request("pm_card_visa"))).toEqual(first);
	});

	it("refuses a key that is reused for another request", async () => {
		await provider.charge(request("pm_card_visa"));
		for (const other of [
			request("pm_card_visa", { amount: { amount: 999, currency: "USD" } }),
			request("pm_card_visa", { amount: { amount: 1000, currency: "EUR" } }),
			request("pm_card_mastercard"),
			request("pm_card_visa", { order_id: "another" })
		])
			await expect(provider.charge(other)).rejects.toBeInstanceOf(IdempotencyConflict);
		expect((await readLedger(path)).charges).toMatchObject([{ amount: 1000, currency: "USD" }]);
	});

	it("refunds once per key and never more than was charged", async () => {
		await provider.charge(request("pm_card_visa"));
		const first = await provider.refund(refund("r1", 600));
		expect(first).toMatchObject({ status: "succeeded" });
		expect(await provider.refund(refund("r1", 600))).toEqual(first);
		await expect(provider.refund(refund("r1", 1))).rejects.toBeInstanceOf(IdempotencyConflict);
		expect(await provider.refund(refund("r2", 401))).toEqual({
			status: "failed",
			code: "refund_exceeds_charge"
		});
		expect((await readLedger(path)).refunds.map(({ amount }) => amount)).toEqual([600]);
	});

	it("refunds, then drops the connection of the first attempt only", async () => {
		await provider.charge(request("pm_sim_dropRefundConnection"));
		await expect(provider.refund(refund("r1", 600))).rejects.toThrow("connection lost");
		expect(await provider.refund(refund("r1", 600))).toMatchObject({ status: "succeeded" });
		expect((await readLedger(path)).refunds).toHaveLength(1);
	});
});
