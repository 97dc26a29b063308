import { variables } from "../../config/env.ts";
import { outcomeOf, pauseMsOf, type Attempt } from "./webhook.decisions.ts";

const attempt = (status: number | null, retryAfterMs?: number): Attempt => ({
	status,
	error: status !== null && status < 300 ? null : "it failed",
	answer: "",
	retryAfterMs,
	durationMs: 1
});
const delays = [5000, 300_000];

describe("a delivery", () => {
	it.each([
		["is delivered by any 2xx", attempt(202), 1, { state: "delivered" }],
		["is tried again after a failure", attempt(500), 1, { state: "pending", inMs: 5500 }],
		["is tried again later and later", attempt(null), 2, { state: "pending", inMs: 330_000 }],
		["fails after its last attempt", attempt(500), 3, { state: "failed" }],
		["fails at once when the endpoint is gone", attempt(410), 1, { state: "failed" }],
		[
			"waits as long as the endpoint asks",
			attempt(429, 60_000),
			1,
			{ state: "pending", inMs: 60_000 }
		],
		["waits no shorter than that", attempt(429, 10), 1, { state: "pending", inMs: 5500 }],
		["waits an hour at most", attempt(503, 10 ** 9), 1, { state: "pending", inMs: 3_600_000 }],
		[
			"of a 4xx is tried again: receivers are mended",
			attempt(404),
			1,
			{ state: "pending", inMs: 5500 }
		]
	])("%s", (_, result, attempts, outcome) => {
		expect(outcomeOf(result, attempts, delays, 1)).toEqual(outcome);
	});

	it("waits the delay, and up to a tenth longer", () => {
		expect(outcomeOf(attempt(500), 1, delays, 0)).toEqual({ state: "pending", inMs: 5000 });
	});

	it("is tried for three days at least, by default", () => {
		const { WEBHOOK_RETRY_DELAYS_S } = variables;
		const all = WEBHOOK_RETRY_DELAYS_S.fallback.split(",").map(s => Number(s) * 1000);
		const waits = all.map((_, n) => outcomeOf(attempt(500), n + 1, all, 0) as { inMs: number });
		const days = waits.reduce((sum, { inMs }) => sum + inMs, 0) / 86_400_000;
		expect(days).toBeGreaterThan(3);
		expect(days).toBeLessThan(3.5);
	});
});

describe("an endpoint", () => {
	it.each([
		["goes on after a few failures", attempt(500), 4, 0],
		["pauses after five", attempt(500), 5, 1000],
		["pauses longer and longer", attempt(null), 8, 8000],
		["pauses a minute at most", attempt(500), 1000, 60_000],
		["pauses at once when it asks for fewer requests", attempt(503), 1, 1000],
		["pauses as long as it asks", attempt(429, 90_000), 1, 90_000],
		["pauses an hour at most", attempt(500, 10 ** 9), 1, 3_600_000]
	])("%s", (_, result, failures, ms) => {
		expect(pauseMsOf(result, failures)).toBe(ms);
	});
});
