import {
	awaitedStatuses,
	isInternal,
	messageKindOf,
	inProgressStatuses,
	orderEventTypes,
	orderStatuses,
	sameStatusEventTypes,
	publications,
	settledStatuses,
	statusOfEvent,
	undecidedStatuses,
	type PublishedStatus
} from "./order-status.ts";

const published = orderStatuses.filter(status => !isInternal(status)) as PublishedStatus[];

describe("the table of statuses", () => {
	it("waits for the saga, and not for staff", () => {
		for (const status of awaitedStatuses)
			expect(undecidedStatuses.has(status) && inProgressStatuses.has(status)).toBe(true);
		expect(awaitedStatuses.has("payment_pending")).toBe(true);
		expect(undecidedStatuses.has("payment_review")).toBe(true);
		expect(awaitedStatuses.has("payment_review")).toBe(false);
	});

	it("has no settled status that is undecided or in progress", () => {
		for (const status of settledStatuses)
			expect(undecidedStatuses.has(status) || inProgressStatuses.has(status)).toBe(false);
	});
});

describe("the table of publications", () => {
	it("has one kind of message for all statuses of a type", () => {
		for (const { event, message } of published.map(status => publications[status]))
			expect(messageKindOf(event)).toBe(message);
	});

	it("names the status of every type", () => {
		const others: readonly string[] = ["order.rejected", ...sameStatusEventTypes];
		for (const type of orderEventTypes.filter(type => !others.includes(type)))
			expect(publications[statusOfEvent(type)].event).toBe(type);
		expect(statusOfEvent("order.cancelled")).toBe("cancelled");
		expect(statusOfEvent("order.rejected")).toBe("cancelled");
	});
});
