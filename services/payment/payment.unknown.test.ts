import type { Outcome } from "./payment.provider.ts";
import { nextRefundStep, nextStep, reasonOf, type Wish } from "./payment.unknown.ts";

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

type Row = [Wish, string, ...[number, string][]];

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
	] as Row[])("to %s, when the provider says %s", (wish, answer, ...steps) => {
		for (const [ageMs, step] of steps) {
			const row = { age_ms: ageMs, sent_ms: ageMs, overdue: false };
			expect([ageMs, nextStep(answers[answer], row, minute, wish)]).toEqual([ageMs, step]);
		}
	});

	it("counts from the last attempt, but goes to a human a day after the first", () => {
		const again = { age_ms: hour, sent_ms: 10, overdue: false };
		for (const wish of ["charge", "void"] as const) {
			expect(nextStep(undefined, again, minute, wish)).toBe("wait");
			expect(nextStep(undefined, { ...again, age_ms: 24 * hour }, minute, wish)).toBe("review");
		}
	});

	it("is to give the charge up when the customer let his time pass", () => {
		const overdue = { age_ms: hour, sent_ms: hour, overdue: true };
		expect(nextStep(answers["action required"], overdue, minute, "charge")).toBe("abandon");
		expect(nextStep(answers.succeeded, overdue, minute, "charge")).toBe("record");
	});
});

describe("the reason of a charge that was given up", () => {
	const row = { age_ms: 0, sent_ms: 0, overdue: false };

	it.each([
		["canceled", false, "charge", "canceled"],
		["canceled", true, "charge", "challenge_expired"],
		["canceled", false, "void", "voided"],
		["canceled", true, "void", "challenge_expired"],
		["card_declined", true, "void", "card_declined"]
	] as const)("%s, overdue %s, to %s, is %s", (code, overdue, wish, reason) => {
		expect(reasonOf(code, { ...row, overdue }, wish)).toBe(reason);
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
