import type { NotifiableEvent } from "../services/notification/planning.ts";
import type { Unreadable } from "../streams/messages/event-reader.ts";
import type { Message } from "../streams/driver.ts";
import { busEvent, mskEvent, sqsEvent } from "../tests/support/lambda/source-events.ts";
import { buildOrderEvent } from "../tests/support/streams/order-message.ts";
import { buildWebhookDisabled } from "../tests/support/streams/webhook-event.ts";
import { applyRecords } from "./apply-records.ts";
import { batchOf } from "./sources/lambda-event.ts";

const transient = Object.assign(new Error("the table is away"), { isTransient: true });
const refused = new Error("an item is too large");

/** Ports that record, and fail for some events. */
function ports(fails: (events: readonly NotifiableEvent[]) => Error | undefined = () => undefined) {
	const planned: string[][] = [];
	const deadLetters: [reason: string, value: string][] = [];
	return {
		planned,
		deadLetters,
		onError: jest.fn(),
		async plan(events: readonly NotifiableEvent[]) {
			const error = fails(events);
			if (error) throw error;
			planned.push(events.map(({ id }) => id));
		},
		deadLetter: jest.fn(async ({ value }: Message, { reason }: Unreadable) => {
			deadLetters.push([reason, value.toString()]);
		})
	};
}

const topic = "orders";
const kafkaOf = (...events: { partitionkey: string }[]) =>
	batchOf(
		mskEvent(
			events.map(event => ({ topic, key: event.partitionkey, value: JSON.stringify(event) }))
		)
	);

const [a, b, c] = [buildOrderEvent(), buildOrderEvent(), buildOrderEvent()];

it("plans all events of an invocation at once", async () => {
	const to = ports();
	const { failed, deadLettered } = await applyRecords(kafkaOf(a, b), to);
	expect([to.planned, failed.size, deadLettered]).toEqual([[[a.id, b.id]], 0, 0]);
});

it("dead-letters what is no event, and plans the others", async () => {
	const to = ports();
	const records = kafkaOf(a, { partitionkey: "x" }, b);
	const { failed, deadLettered } = await applyRecords(records, to);
	expect([to.planned, failed.size, deadLettered]).toEqual([[[a.id, b.id]], 0, 1]);
	expect(to.deadLetters).toEqual([["unknown-type", '{"partitionkey":"x"}']]);
});

it("leaves a record to its source whose dead letter cannot be stored", async () => {
	const to = ports();
	to.deadLetter.mockRejectedValueOnce(new Error("no such queue"));
	const batch = kafkaOf({ partitionkey: "x" }, a);
	const { failed } = await applyRecords(batch, to);
	expect([...failed]).toEqual([batch.records[0]]);
	expect(to.planned).toEqual([[a.id]]);
	expect(to.onError).toHaveBeenCalledTimes(1);
});

it("leaves all events to their source while the store is away, after one attempt", async () => {
	const plan = jest.fn(() => transient);
	const to = ports(plan);
	const batch = kafkaOf(a, b, c);
	const { failed } = await applyRecords(batch, to);
	expect([...failed]).toEqual(batch.records);
	expect(plan).toHaveBeenCalledTimes(1);
	expect(to.deadLetters).toEqual([]);
});

it("dead-letters an event that the store refuses by itself, and plans the others", async () => {
	const to = ports(events => (events.some(({ id }) => id === b.id) ? refused : undefined));
	const { failed, deadLettered } = await applyRecords(kafkaOf(a, b, c), to);
	expect([to.planned, failed.size, deadLettered]).toEqual([[[a.id], [c.id]], 0, 1]);
	expect(to.deadLetters).toEqual([["handling-failed", JSON.stringify(b)]]);
});

it("leaves the rest to its source when the store goes away while events are planned one by one", async () => {
	const to = ports(events =>
		events.length > 1 ? refused : events[0]!.id === a.id ? undefined : transient
	);
	const batch = kafkaOf(a, b, c);
	const { failed } = await applyRecords(batch, to);
	expect([...failed]).toEqual(batch.records.slice(1));
	expect(to.deadLetters).toEqual([]);
});

describe("a message that is no event, while the table is away,", () => {
	const bad = { partitionkey: "x" };
	const away = () => transient;

	it("is dead-lettered when it comes again, if it is behind one that failed", async () => {
		const to = ports(away);
		const batch = kafkaOf(a, bad);
		for (let n = 0; n < 3; n++) await applyRecords(batch, to);
		expect(to.deadLetters).toEqual([]);
		const later = ports();
		await applyRecords(batch, later);
		expect(later.deadLetters).toHaveLength(1);
	});

	it("is dead-lettered at once, if it does not come again", async () => {
		const to = ports(away);
		const batch = kafkaOf(bad, a);
		const { failed } = await applyRecords(batch, to);
		expect(to.deadLetters).toHaveLength(1);
		expect(batch.respond(failed).batchItemFailures).toEqual([
			{ itemIdentifier: { partition: "orders-0", offset: 16 } }
		]);
	});

	it("is dead-lettered at once, if it is in a queue", async () => {
		const to = ports(away);
		const { failed } = await applyRecords(batchOf(sqsEvent([JSON.stringify(a), "bad"])), to);
		expect([to.deadLetters.length, failed.size]).toEqual([1, 1]);
	});
});

describe("a kind of event", () => {
	const staff = buildWebhookDisabled();
	const message = { key: staff.partitionkey, value: JSON.stringify(staff) };

	it("belongs to its topic of Kafka", async () => {
		const to = ports();
		await applyRecords(batchOf(mskEvent([{ topic: "notifications", ...message }])), to);
		expect(to.planned).toEqual([[staff.id]]);
		await applyRecords(batchOf(mskEvent([{ topic, ...message }])), to);
		expect(to.deadLetters).toEqual([["unknown-type", message.value]]);
	});

	it.each([
		["a queue", sqsEvent([message.value])],
		["a bus", busEvent(staff, staff.type)]
	])("may come by %s", async (_, event) => {
		const to = ports();
		await applyRecords(batchOf(event), to);
		expect(to.planned).toEqual([[staff.id]]);
	});
});
