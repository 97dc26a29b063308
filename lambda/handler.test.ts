import { scheduleEvent, sqsEvent } from "../tests/support/lambda/source-events.ts";
import { buildOrderEvent } from "../tests/support/streams/order-message.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { createHandler, reservedMs } from "./handler.ts";
import type { NotificationRun } from "./notification-run.ts";

const event = sqsEvent([JSON.stringify(buildOrderEvent())]);
const context = { getRemainingTimeInMillis: () => 2 * reservedMs };
const fails = (words: string) => () => Promise.reject(new Error(words));

function harness(changes: Partial<NotificationRun> = {}) {
	const run = {
		plan: jest.fn(async () => []),
		deadLetters: {} as DeadLetters,
		sendDue: jest.fn(async () => 0),
		close: jest.fn(async () => undefined),
		...changes
	};
	const log = jest.fn();
	return { run, log, handler: createHandler({ open: async () => run, log }) };
}

it("sends until nothing is due", async () => {
	const counts = [3, 2, 0, 5];
	const { run, handler, log } = harness({ sendDue: async () => counts.shift()! });
	await expect(handler(scheduleEvent(), context)).resolves.toEqual({ batchItemFailures: [] });
	expect(counts).toEqual([5]);
	expect(log.mock.lastCall!.join(" ")).toContain("5 messages tried");
	expect(run.close).toHaveBeenCalledTimes(1);
});

it("sends no further batch when its time is nearly over", async () => {
	const left = [3 * reservedMs, reservedMs + 1, reservedMs, 3 * reservedMs];
	const sendDue = jest.fn(async () => 1);
	const { handler } = harness({ sendDue });
	await handler(event, { getRemainingTimeInMillis: () => left.shift()! });
	expect(sendDue).toHaveBeenCalledTimes(2);
});

it("takes an event as done whose messages cannot be sent yet, because the table has them", async () => {
	const { handler, log } = harness({ sendDue: fails("no address") });
	await expect(handler(event, context)).resolves.toEqual({ batchItemFailures: [] });
	expect(log).toHaveBeenCalledWith("warn", "retrying later:", "no address");
});

it("leaves an event to its source whose messages cannot be planned, and sends what is due", async () => {
	const plan = () => Promise.reject(Object.assign(new Error("away"), { isTransient: true }));
	const sendDue = jest.fn(async () => 0);
	const { handler, run } = harness({ plan, sendDue });
	const { batchItemFailures } = await handler(event, context);
	expect(batchItemFailures).toEqual([{ itemIdentifier: event.Records[0]!.messageId }]);
	expect(sendDue).toHaveBeenCalled();
	expect(run.close).toHaveBeenCalledTimes(1);
});

it("responds when all connections are closed, because Lambda freezes the process then", async () => {
	let isClosed = false;
	const close = async () => {
		await new Promise(resolve => setTimeout(resolve, 20));
		isClosed = true;
	};
	await harness({ close }).handler(event, context);
	expect(isClosed).toBe(true);
});

it("fails as a whole when nothing can be opened, so that all is delivered again", async () => {
	const handler = createHandler({ open: fails("no secret"), log: jest.fn() });
	await expect(handler(event, context)).rejects.toThrow("no secret");
});
