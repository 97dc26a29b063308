import type { Outcome } from "./payment.provider.ts";
import { nextStep } from "./payment.unknown.ts";

const minute = 60_000;
const hour = 60 * minute;
const method = { brand: null, last4: null };
const answers: Record<string, Outcome | undefined | "unreachable"> = {
	succeeded: { status: "succeeded", ref: "ch_1", method },
	failed: { status: "failed", ref: null, code: "card_declined", method },
	processing: { status: "processing" },
	unreachable: "unreachable",
	"not found": undefined
};

describe("the next step of a charge with an unknown outcome", () => {
	it.each([
		["succeeded", [0, "record"], [30 * hour, "record"]],
		["failed", [0, "record"], [30 * hour, "record"]],
		["processing", [0, "wait"], [2 * minute, "wait"], [23 * hour, "wait"], [24 * hour, "review"]],
		["unreachable", [0, "wait"], [2 * minute, "wait"], [23 * hour, "wait"], [24 * hour, "review"]],
		[
			"not found",
			[0, "wait"],
			[minute, "wait"],
			[minute + 1, "send"],
			[20 * hour - 1, "send"],
			[20 * hour, "wait"],
			[24 * hour, "review"]
		]
	] as [string, ...[number, string][]][])("when the provider says %s", (answer, ...steps) => {
		for (const [ageMs, step] of steps)
			expect([ageMs, nextStep(answers[answer], ageMs, minute)]).toEqual([ageMs, step]);
	});
});
