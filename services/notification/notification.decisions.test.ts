import fc from "fast-check";
import {
	isForStaff,
	notificationChannels,
	notificationKinds,
	userKinds
} from "../../contracts/notification.ts";
import { orderEventTypes } from "../../contracts/order-status.ts";
import {
	afterRefusal,
	channelsFor,
	kindOf,
	mostAttempts,
	type Outcome
} from "./notification.decisions.ts";

const all = new Set(notificationChannels);

describe("kindOf", () => {
	it("has an event for every kind", () => {
		const types = [...orderEventTypes, "product.low_stock", "webhook.disabled"] as const;
		const usedKinds = new Set(types.map(kindOf).filter(kind => kind !== null));
		expect(usedKinds).toEqual(new Set(notificationKinds));
	});

	it.each([
		["product.low_stock", "low_stock"],
		["webhook.disabled", "webhook_disabled"]
	] as const)("of %s is %s, which all admins get and no user can choose", (type, kind) => {
		expect(kindOf(type)).toBe(kind);
		expect(isForStaff(kind)).toBe(true);
		expect(userKinds).not.toContain(kind);
	});

	it("sends nothing about an order that is only placed", () => {
		expect(kindOf("order.created")).toBeNull();
	});
});

describe("channelsFor", () => {
	it("sends mail by default", () => {
		expect(channelsFor(undefined, all)).toEqual(["email", "sns_topic"]);
	});

	it("follows the preferences, even for no channel, and always publishes to the SNS topic", () => {
		expect(channelsFor([], all)).toEqual(["sns_topic"]);
		expect(channelsFor(["sms"], all)).toEqual(["sms", "sns_topic"]);
		expect(channelsFor(["sms", "email"], all)).toEqual(["sms", "email", "sns_topic"]);
	});

	it("uses only configured channels", () => {
		expect(channelsFor(["sms", "email"], new Set(["email"]))).toEqual(["email"]);
	});
});

describe("afterRefusal", () => {
	const temporary = { kind: "temporary", reason: "away" } as const;
	const delayOf = (outcome: Outcome) => (outcome as { inMs: number }).inMs;

	it("waits longer after every attempt, up to an hour, and parks the message after some three days", () => {
		const delays = Array.from({ length: mostAttempts - 1 }, (_, n) =>
			delayOf(afterRefusal(temporary, n + 1, 1))
		);
		expect(delays.slice(0, 11)).toEqual([
			5000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000, 2_560_000,
			3_600_000
		]);
		const days = delays.reduce((sum, ms) => sum + ms) / 86_400_000;
		expect(days).toBeGreaterThan(2.5);
		expect(days).toBeLessThan(3.5);
		expect(afterRefusal(temporary, mostAttempts, 1)).toEqual({
			state: "parked",
			reason: "given up: away"
		});
	});

	it("spreads retries over half of the delay", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 79 }),
				fc.double({ min: 0, max: 1, noNaN: true }),
				(tries, chance) => {
					const whole = delayOf(afterRefusal(temporary, tries, 1));
					const inMs = delayOf(afterRefusal(temporary, tries, chance));
					expect(inMs).toBeGreaterThanOrEqual(whole / 2);
					expect(inMs).toBeLessThanOrEqual(whole);
				}
			)
		);
	});

	it("never counts a throttled attempt, and waits as long as the provider says", () => {
		const throttled = { kind: "throttled", reason: "slow down" } as const;
		const outcome = afterRefusal(throttled, mostAttempts, 0.5);
		expect(outcome).toMatchObject({ state: "pending", inMs: 1500, counted: false });
		expect(delayOf(afterRefusal({ ...throttled, retryAfterMs: 60_000 }, 1, 0))).toBe(61_000);
		expect(delayOf(afterRefusal({ ...temporary, retryAfterMs: 60_000 }, 1, 0))).toBe(60_000);
	});

	it("parks permanent failures at once", () => {
		const permanent = { kind: "permanent", reason: "no such mailbox" } as const;
		expect(afterRefusal(permanent, 1, 0)).toEqual({ state: "parked", reason: "no such mailbox" });
	});
});
