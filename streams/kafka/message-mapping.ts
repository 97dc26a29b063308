import type { KafkaMessage } from "kafkajs";
import type { Message } from "../driver.ts";

type Headers = NonNullable<KafkaMessage["headers"]>;

const textOf = (header: Headers[string]): string =>
	String((Array.isArray(header) ? header.at(-1) : header) ?? "");

function textsOf(headers: Headers): Record<string, string> {
	const texts = Object.entries(headers).map(([name, header]) => [name, textOf(header)]);
	return Object.fromEntries(texts);
}

/** A message as kafkajs delivers it, from any writer. */
export function toMessage(topic: string, partition: number, found: KafkaMessage): Message {
	return {
		topic,
		partition,
		offset: BigInt(found.offset),
		key: found.key?.toString() ?? null,
		value: found.value ?? Buffer.alloc(0),
		// Decoded on demand: the headers of good events are never read.
		get headers() {
			return textsOf(found.headers ?? {});
		},
		at: new Date(Number(found.timestamp))
	};
}
