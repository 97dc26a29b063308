import type { Outgoing } from "./driver.ts";

/** kafkajs sends one record batch per call and partition, and a broker refuses large ones. */
const sendBytes = 1024 * 1024;
const recordBytes = 100;

/** Splits messages into record batches of accepted size, in order. */
export function* recordBatches(messages: readonly Outgoing[]): Generator<Outgoing[]> {
	let portion: Outgoing[] = [];
	let bytes = 0;
	for (const message of messages) {
		const { key, value, headers = {} } = message;
		// As JSON, which leaves out a header without a value: a row of an outbox may hold an event without an attribute.
		const parts = [key, value, JSON.stringify(headers)];
		const size = parts.reduce((sum, part) => sum + Buffer.byteLength(part), recordBytes);
		if (portion.length > 0 && bytes + size > sendBytes) {
			yield portion;
			[portion, bytes] = [[], 0];
		}
		portion.push(message);
		bytes += size;
	}
	if (portion.length > 0) yield portion;
}
