import { randomBytes } from "node:crypto";
import { ConsumerControl } from "../../../mixins/consumer-control.ts";
import { DeadLetterAdmin } from "../../../streams/consumer/dead-letter.admin.ts";
import { toDeadLetter, toDlqMessage } from "../../../streams/consumer/dead-letter.ts";
import { ReplayRunner } from "../../../streams/consumer/replay.runner.ts";
import {
	readTestEvent,
	testEvent,
	type TestEvent
} from "../../support/streams/consumer-fixtures.ts";
import { useStream } from "../../support/streams/use-stream.ts";
import { validate } from "../../../lib/validator.ts";
import { DeadLetterDetail, DeadLetterEntry } from "../../../contracts/streams.ts";

/** Dead letters whose texts another writer of the log chose: replies stay small, and the rows keep everything. */

/** NATS accepts this much by default, with the rest of the message. */
const replyBytes = 1024 * 1024 - 64 * 1024;
const large = 1_200_000;

/** A key of this event is needed for it to be readable, as of events of the shop. */
const stream = useStream<TestEvent>(message => {
	if (message.key?.length !== large) throw new Error("the key was cut");
	if (Object.values(message.headers).some(text => text.length !== large))
		throw new Error("a header was cut");
	return readTestEvent(message);
});
const { database } = stream;
let control: ConsumerControl;

beforeEach(() => {
	const options = stream.options();
	control = new ConsumerControl({
		group: stream.schema,
		replays: new ReplayRunner({ ...options, resetFrom: async () => undefined }),
		deadLetters: new DeadLetterAdmin(options),
		createTopics: () => Promise.resolve(),
		notifyMembers() {}
	});
});

interface Stored {
	key?: string;
	headers?: Record<string, string>;
	value?: string | Buffer;
	detail?: string;
}

/** As a consumer stores it: a log of Kafka accepts such messages. */
async function store(offset: number, { key, headers = {}, value = "{", detail = "" }: Stored) {
	await database.db.query(
		{
			name: `store ${stream.schema}`,
			text: `insert into ${stream.schema}.dead_letter
				(topic, partition, "offset", key, value, headers, reason, detail, attempts)
				values ($1, 0, $2, $3, $4, $5, 'not-json', $6, 1)`
		},
		[
			stream.topic,
			offset,
			key ?? null,
			Buffer.from(value as Buffer),
			JSON.stringify(headers),
			detail
		]
	);
}

const bytesOf = (reply: unknown) => Buffer.byteLength(JSON.stringify(reply));
// Each control character is six bytes of JSON.
const control6 = "\u0001";

/** Text that does not get smaller: a limit of an index counts compressed bytes. */
const incompressible = (bytes: number) => randomBytes(bytes).toString("base64").slice(0, bytes);

const many = Object.fromEntries(
	Array.from({ length: 2000 }, (_, n) => [`${n} ${"n".repeat(500)}`, control6.repeat(1500)])
);

it.each<[string, Stored]>([
	["a key", { key: "k".repeat(large) }],
	["a header", { headers: { odd: "h".repeat(large) } }],
	["the name of a header", { headers: { ["n".repeat(large)]: "odd" } }],
	["a value of text", { value: control6.repeat(large) }],
	["a value of bytes", { value: Buffer.alloc(large, 0xff) }],
	["a detail", { detail: "d".repeat(large) }],
	["emoji in all of them", { key: "😀".repeat(large), detail: "x" + "😀".repeat(large) }],
	[
		"everything",
		{
			key: control6.repeat(large),
			detail: control6.repeat(large),
			headers: many,
			value: control6.repeat(large)
		}
	]
])(
	"%s of 1.2 MB is shown by its beginning",
	async (_, stored) => {
		await store(0, stored);
		const list = await control.list(false, 100);
		expect(list.data).toHaveLength(1);
		const shown = await control.show(list.data[0]!.id);
		expect([bytesOf(list), bytesOf(shown)].map(bytes => bytes < replyBytes)).toEqual([true, true]);
		expect(validate(DeadLetterEntry, list.data[0])).toEqual([]);
		expect(validate(DeadLetterDetail, shown)).toEqual([]);
		expect(JSON.stringify(shown).isWellFormed()).toBe(true);
		expect(stored.key?.startsWith(shown.key!) ?? shown.key === null).toBe(true);
	},
	30_000
);

it("a page of such dead letters gives the cursor of the next one", async () => {
	for (const offset of [0, 1, 2]) await store(offset, { key: "k".repeat(large) });
	const first = await control.list(false, 2);
	expect(first.next_cursor).not.toBeNull();
	const { data } = await control.list(false, 2, first.next_cursor!);
	expect([...first.data, ...data].map(({ offset }) => offset)).toHaveLength(3);
}, 30_000);

it("a list reads no values", async () => {
	const spy = jest.spyOn(database.db, "query");
	await store(0, { value: "x".repeat(1000) });
	spy.mockClear();
	await control.list(false, 10);
	const rows = (await spy.mock.results[0]!.value) as object[];
	spy.mockRestore();
	expect(rows).toHaveLength(1);
	expect(Object.keys(rows[0]!)).not.toEqual(
		expect.arrayContaining([expect.stringMatching(/^(value|headers)$/)])
	);
}, 30_000);

it("a redrive has the whole key, headers and value, and its reply is bounded", async () => {
	const key = "k".repeat(large);
	await store(0, {
		key,
		headers: { odd: "h".repeat(large) },
		value: JSON.stringify(testEvent("a"))
	});
	const { data } = await control.list(false, 1);
	const redriven = await control.redrive(data[0]!.id);
	expect(redriven.redriven_at).not.toBeNull();
	expect(bytesOf(redriven)).toBeLessThan(replyBytes);
	expect(await stream.effects()).toEqual(["a"]);
}, 30_000);

it("a redrive of a page names those that it refused, within the reply", async () => {
	for (let offset = 0; offset < 100; offset++)
		await store(offset, { key: "k".repeat(large), value: "{" });
	const result = await control.redriveAll(100);
	expect(result.refused).toHaveLength(100);
	expect(bytesOf(result)).toBeLessThan(replyBytes);
}, 60_000);

it.each<[string, { key?: string; headers?: Record<string, string>; value?: Buffer }]>([
	["a key of 1024 bytes", { key: incompressible(1024) }],
	["a key of 1025 bytes", { key: incompressible(1025) }],
	["a key of 1.2 MB", { key: incompressible(large) }],
	["headers of 1.2 MB", { headers: { odd: "h".repeat(large) } }],
	["a value of 2 MiB", { value: Buffer.alloc(2 * 1024 * 1024) }]
])(
	"a dead letter with %s is accepted by its topic",
	async (_, parts) => {
		const at = new Date();
		const message = { topic: stream.topic, partition: 0, offset: 0n, at, key: "k", headers: {} };
		const deadLetter = toDeadLetter(
			{ ...message, value: Buffer.from("{"), ...parts },
			"not-json",
			"x".repeat(large),
			1
		);
		await stream.driver.publish(`${stream.topic}.dlq`, [toDlqMessage(deadLetter, stream.schema)]);
		const [extent] = await stream.driver.extents(`${stream.topic}.dlq`);
		expect(extent!.next).toBe(1n);
	},
	30_000
);
