import { readFileSync } from "node:fs";
import { join } from "node:path";
import { variables } from "../../../config/env.ts";
import type { Config } from "../../../config/index.ts";
import { WindowStreamEvent } from "../../../contracts/analytics.ts";
import { LowStockEvent, OrderStreamEvent } from "../../../contracts/events.ts";
import { strictObject, T, type TSchema } from "../../../lib/schema.ts";
import manifest from "../../../package.json" with { type: "json" };
import { cloudContentType } from "../../../streams/messages/cloud-message.ts";
import { dlqTopicOf, topics, topicSpecs } from "../../../streams/messages/topics.ts";
import { Components, type Json } from "./components.ts";

/** CloudEvents 1.0 in structured JSON; the headers of its Kafka binding stand beside it. */
const contentType = cloudContentType;

const header = T.String();
const cloudHeaders = Object.fromEntries(
	["specversion", "id", "source", "type", "subject", "time"].map(name => [`ce_${name}`, header])
);
const eventHeaders = T.Object({ "content-type": T.Literal(contentType), ...cloudHeaders });

/** What a consumer says of a message that it put aside; the message's own headers stay. */
const causeHeaders = T.Object({
	"dlq-group": T.String({ description: "Who put it aside" }),
	"dlq-reason": T.String({ description: "A word, e.g. `not-json` or `handling-failed`" }),
	"dlq-detail": T.String({ description: "What was wrong with it" }),
	"dlq-attempts": T.String({ description: "How often it was tried" }),
	"dlq-topic": header,
	"dlq-partition": header,
	"dlq-offset": header,
	"dlq-left-out": T.Optional(
		T.String({ description: "`value`, `headers` or both: what is too large for a copy" })
	),
	"dlq-bytes": T.Optional(T.String({ description: "Of the value, where something is left out" }))
});

interface MessageSpec {
	name: string;
	title: string;
	key: string;
	headers: TSchema;
	payload: TSchema;
	/** Golden files; where none is named, the message may be anything. */
	examples: readonly string[];
}

const golden = join(import.meta.dirname, "../../../contracts/golden");
const example = (name: string): Json =>
	JSON.parse(readFileSync(join(golden, `${name}.json`), "utf8"));

const messages = {
	OrderEvent: {
		name: "order event",
		title: "What became of an order",
		key: "The user's id: all of one user's events keep their order",
		headers: eventHeaders,
		payload: OrderStreamEvent,
		examples: ["order.confirmed.v1", "order.shipped.v1", "order.returned.v1"]
	},
	LowStock: {
		name: "low stock",
		title: "Few units of a product are left",
		key: "The product's id",
		headers: eventHeaders,
		payload: LowStockEvent,
		examples: ["product.low_stock.v1"]
	},
	Window: {
		name: "window",
		title: "What was sold in a minute, in the place of what was told of it before",
		key: "Start of the window and currency",
		headers: eventHeaders,
		payload: WindowStreamEvent,
		examples: ["analytics.window.v1"]
	},
	DeadLetter: {
		name: "dead letter",
		title: "A message that could not be handled, as it came",
		key: "As it was",
		headers: causeHeaders,
		payload: strictObject({}),
		examples: []
	}
} as const satisfies Record<string, MessageSpec>;
type MessageName = keyof typeof messages;

const topicMessages: Readonly<Record<string, { message: MessageName; about: string }>> = {
	[topics.orders]: { message: "OrderEvent", about: "Every step of an order that is news" },
	[topics.windows]: { message: "Window", about: "The last message of a key is what holds" },
	[topics.late]: {
		message: "OrderEvent",
		about: "Events that came more than a day too late to count"
	},
	[topics.notifications]: { message: "LowStock", about: "What those who run the shop should know" }
};

const dlqTopics = Object.keys(topicMessages).map(
	topic =>
		[
			dlqTopicOf(topic),
			{ message: "DeadLetter", about: `Messages of \`${topic}\` that were dead-lettered` }
		] as const
);
const messageOfTopic: typeof topicMessages = { ...topicMessages, ...Object.fromEntries(dlqTopics) };

function messageOf(
	{ name, title, key, headers, payload, examples }: MessageSpec,
	components: Components
): Json {
	return {
		name,
		title,
		headers: components.plain(headers),
		// What was put aside may be anything, also no JSON.
		...(examples.length > 0 && {
			contentType,
			payload: components.plain(payload),
			examples: examples.map(file => ({ name: file, payload: example(file) }))
		}),
		bindings: { kafka: { key: { type: "string", description: key }, bindingVersion: "0.5.0" } }
	};
}

const reference = (to: string) => ({ $ref: `#/${to}` });

type StreamSettings = Config["stream"];

/** Of a shop that sets nothing else. */
const defaultSettings: StreamSettings = {
	partitions: variables.STREAM_PARTITIONS.fallback,
	retentionMs: variables.STREAM_RETENTION_HOURS.fallback * 3_600_000
};

function channelOf(topic: string, stream: StreamSettings): Json {
	const { message, about } = messageOfTopic[topic]!;
	const spec = topicSpecs(stream).find(({ name }) => name === topic)!;
	const topicConfiguration = {
		"cleanup.policy": [spec.cleanup],
		...(spec.cleanup === "delete" && { "retention.ms": spec.retentionMs })
	};
	return {
		address: topic,
		description: about,
		messages: { [message]: reference(`components/messages/${message}`) },
		bindings: {
			kafka: {
				topic,
				partitions: spec.partitions,
				topicConfiguration,
				bindingVersion: "0.5.0"
			}
		}
	};
}

/** `analytics-results` → `AnalyticsResults`. */
const named = (topic: string) =>
	topic.replace(/(?:^|[.-])(\w)/g, (_, letter) => letter.toUpperCase());

/** What a shop with these settings publishes, as AsyncAPI 3. */
export function asyncApiDocument(stream = defaultSettings): Json {
	const components = new Components();
	const messageObjects = Object.entries<MessageSpec>(messages).map(([id, message]) => [
		id,
		messageOf(message, components)
	]);
	const sent = Object.keys(messageOfTopic).map(topic => [
		`send${named(topic)}`,
		{
			action: "send",
			channel: reference(`channels/${topic}`),
			summary: messageOfTopic[topic]!.about
		}
	]);
	return {
		asyncapi: "3.1.0",
		info: {
			title: "moleculer-commerce streams",
			version: manifest.version,
			description:
				"Events of the shop, delivered at least once: an `id` that is known is to be ignored. One key's messages keep their order."
		},
		channels: Object.fromEntries(
			Object.keys(messageOfTopic).map(topic => [topic, channelOf(topic, stream)])
		),
		operations: Object.fromEntries(sent),
		components: { messages: Object.fromEntries(messageObjects), schemas: components.schemas }
	};
}
