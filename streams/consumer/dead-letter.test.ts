import { toDeadLetter, toDlqMessage } from "./dead-letter.ts";

/** Kafka's default for max.message.bytes, less what a batch and 100 headers need beside their texts. */
const messageBytes = 1_048_588 - 4096;
const large = 1_200_000;

type Parts = Partial<Parameters<typeof toDeadLetter>[0]>;

function deadLetterOf(parts: Parts, detail = "is no JSON") {
	const at = new Date(0);
	const place = { topic: "orders", partition: 3, offset: 2n ** 60n, at };
	const message = { ...place, key: "k", value: Buffer.from("{"), headers: {}, ...parts };
	return toDeadLetter(message, "not-json", detail, 1);
}

const copyOf = (parts: Parts, detail?: string) =>
	toDlqMessage(deadLetterOf(parts, detail), "analytics");

it.each<[string, Parts, leftOut: string | undefined]>([
	["nothing large", {}, undefined],
	["no key", { key: null }, undefined],
	["the longest key that is copied", { key: "k".repeat(1024) }, undefined],
	["a key of 1025 bytes", { key: "é".repeat(512) + "k" }, "key"],
	["a key of 1.2 MB", { key: "k".repeat(large) }, "key"],
	["the longest value that is copied", { value: Buffer.alloc(768 * 1024) }, undefined],
	["a longer value", { value: Buffer.alloc(768 * 1024 + 1) }, "value"],
	["a header of 1.2 MB", { headers: { odd: "h".repeat(large) } }, "headers"],
	["a name of a header of 1.2 MB", { headers: { ["n".repeat(large)]: "odd" } }, "headers"],
	[
		"all of them",
		{ key: "k".repeat(large), value: Buffer.alloc(large), headers: { odd: "h".repeat(large) } },
		"key,value,headers"
	],
	[
		"as much of all as is copied",
		{
			key: "k".repeat(1024),
			value: Buffer.alloc(768 * 1024),
			headers: { odd: "h".repeat(64 * 1024 - 3) }
		},
		undefined
	]
])("a dead letter with %s fits into a message of any topic", (_, parts, leftOut) => {
	const { key, value, headers } = copyOf(parts, "😀".repeat(large));
	const texts = [key, value, ...Object.entries(headers!).flat()];
	const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
	expect(bytes).toBeLessThan(messageBytes);
	expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
	expect(headers!["dlq-left-out"]).toBe(leftOut);
});

it("the row keeps what the copy leaves out", () => {
	const parts = { key: "k".repeat(large), headers: { odd: "h".repeat(large) } };
	expect(deadLetterOf(parts)).toMatchObject(parts);
});

it("a detail that was cut within a character is valid JSON for Postgres", () => {
	const { headers } = copyOf({}, "\0 \ud83d");
	expect(headers!["dlq-detail"]).toBe("\ufffd \ufffd");
});
