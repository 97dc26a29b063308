import type { Outcome } from "./provider/provider.ts";
import {
	firstStep,
	nextRefundStep,
	nextStep,
	pauseMs,
	reasonOf,
	type Intent
} from "./payment.reconciliation.ts";

const minute = 60_000;
const hour = 60 * minute;
const method = { brand: null, last4: null };
const answers: Record<string, Outcome | undefined | "unreachable"> = {
	succeeded: { status: "succeeded", ref: "ch_1", method },
	failed: { status: "failed", ref: null, code: "card_declined", method },
	processing: { status: "processing" },
	"action required": { status: "action_required", ref: "pi_1", url: "https://bank.example" },
	unreachable: "unreachable",
	"not found": undefined
};

const unsettled = { age_ms: 0, sent_ms: 0, overdue: false, resend_in_ms: null };

type Row = [Intent, string, ...[number, string][]];

describe("the next step of a charge with an unknown outcome", () => {
	it.each([
		["charge", "succeeded", [0, "record"], [30 * hour, "record"]],
		["charge", "failed", [0, "record"], [30 * hour, "record"]],
		["charge", "processing", [0, "wait"], [23 * hour, "wait"], [24 * hour, "review"]],
		["charge", "unreachable", [0, "wait"], [23 * hour, "wait"], [24 * hour, "review"]],
		["charge", "action required", [0, "wait"], [30 * hour, "wait"]],
		[
			"charge",
			"not found",
			[0, "wait"],
			[minute, "wait"],
			[minute + 1, "send"],
			[20 * hour - 1, "send"],
			[20 * hour, "wait"],
			[24 * hour, "review"]
		],
		["void", "succeeded", [0, "record"], [30 * hour, "record"]],
		["void", "failed", [0, "record"], [30 * hour, "record"]],
		["void", "processing", [0, "wait"], [23 * hour, "wait"], [24 * hour, "review"]],
		["void", "unreachable", [0, "wait"], [23 * hour, "wait"], [24 * hour, "review"]],
		["void", "action required", [0, "abandon"], [30 * hour, "abandon"]],
		[
			"void",
			"not found",
			[0, "wait"],
			[minute + 1, "wait"],
			[minute + 5000, "wait"],
			[minute + 5001, "void"],
			[20 * hour, "void"],
			[24 * hour, "review"]
		]
	] as Row[])("to %s, when the provider says %s", (intent, answer, ...steps) => {
		for (const [ageMs, step] of steps) {
			const row = { ...unsettled, age_ms: ageMs, sent_ms: ageMs };
			expect([ageMs, nextStep(answers[answer], row, minute, intent)]).toEqual([ageMs, step]);
		}
	});

	it("counts from the last attempt, but goes to review a day after the first", () => {
		const again = { ...unsettled, age_ms: hour, sent_ms: 10 };
		for (const intent of ["charge", "void"] as const) {
			expect(nextStep(undefined, again, minute, intent)).toBe("wait");
			expect(nextStep(undefined, { ...again, age_ms: 24 * hour }, minute, intent)).toBe("review");
		}
	});

	it("is to cancel the charge when the customer's time is over", () => {
		const overdue = { ...unsettled, age_ms: hour, sent_ms: hour, overdue: true };
		expect(nextStep(answers["action required"], overdue, minute, "charge")).toBe("abandon");
		expect(nextStep(answers.succeeded, overdue, minute, "charge")).toBe("record");
	});
});

describe("the first step of a charge that was rate-limited", () => {
	it.each([
		["charge", null, 0, "look_up"],
		["charge", 500, 0, "wait"],
		["charge", 0, 0, "send"],
		["charge", -500, 20 * hour - 1, "send"],
		["charge", -500, 20 * hour, "look_up"],
		["void", 500, 0, "look_up"],
		["void", -500, 0, "look_up"]
	] as const)("to %s, to be repeated in %s ms, %s ms old, is %s", (intent, inMs, age_ms, step) => {
		expect(firstStep({ ...unsettled, age_ms, resend_in_ms: inMs }, intent)).toBe(step);
	});

	it("is delayed by Retry-After, with backoff and jitter", () => {
		expect([1, 2, 3].map(times => pauseMs(times, 0, 0))).toEqual([250, 500, 1000]);
		expect(pauseMs(1, 1000, 0)).toBe(1000);
		expect(pauseMs(1, 1000, 1)).toBe(1500);
		expect(pauseMs(99, 0, 0)).toBe(30_000);
		expect(pauseMs(1, 60_000, 0)).toBe(60_000);
	});
});

describe("the failure code of a cancelled charge", () => {
	it.each([
		["canceled", false, "charge", "canceled"],
		["canceled", true, "charge", "challenge_expired"],
		["canceled", false, "void", "voided"],
		["canceled", true, "void", "challenge_expired"],
		["card_declined", true, "void", "card_declined"]
	] as const)("%s, overdue %s, to %s, is %s", (code, overdue, intent, reason) => {
		expect(reasonOf(code, { ...unsettled, overdue }, intent)).toBe(reason);
	});
});

describe("the next step of a refund with an unknown outcome", () => {
	it.each([
		[{ status: "succeeded", ref: "re_1" }, [0, "record"], [30 * hour, "record"]],
		[{ status: "failed", code: "expired" }, [0, "record"], [30 * hour, "record"]],
		[{ status: "pending" }, [0, "wait"], [30 * hour, "wait"]],
		["unreachable", [0, "wait"], [24 * hour, "review"]],
		[undefined, [0, "send"], [20 * hour - 1, "send"], [20 * hour, "wait"], [24 * hour, "review"]]
	] as [Parameters<typeof nextRefundStep>[0], ...[number, string][]][])(
		"when the provider says %j",
		(answer, ...steps) => {
			for (const [ageMs, step] of steps)
				expect([ageMs, nextRefundStep(answer, ageMs)]).toEqual([ageMs, step]);
		}
	);
});
