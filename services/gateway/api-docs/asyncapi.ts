import { readFileSync } from "node:fs";
import { join } from "node:path";
import { variables } from "../../../config/env.ts";
import type { Config } from "../../../config/index.ts";
import { WindowStreamEvent } from "../../../contracts/analytics.ts";
import {
	LowStockEvent,
	OrderStreamEvent,
	WebhookDisabledEvent
} from "../../../contracts/events.ts";
import { T, withUnknownMembers, type TSchema } from "../../../lib/schema.ts";
import manifest from "../../../package.json" with { type: "json" };
import { cloudContentType } from "../../../streams/messages/cloud-message.ts";
import { dlqTopicOf, topics, topicSpecs } from "../../../streams/messages/topics.ts";
import { Components, type Json } from "./components.ts";

/** CloudEvents 1.0 in structured JSON, with the headers of its Kafka binding. */
const contentType = cloudContentType;

const header = T.String();
const cloudHeaders = Object.fromEntries(
	["specversion", "id", "source", "type", "subject", "time"].map(name => [`ce_${name}`, header])
);
const eventHeaders = T.Object({ "content-type": T.Literal(contentType), ...cloudHeaders });

/** Headers that a consumer adds to a dead-lettered message; the message's own headers stay. */
const causeHeaders = T.Object({
	"dlq-group": T.String({ description: "The consumer group that dead-lettered it" }),
	"dlq-reason": T.String({ description: "A code, e.g. `not-json` or `handling-failed`" }),
	"dlq-detail": T.String({ description: "Description of the error" }),
	"dlq-attempts": T.String({ description: "Number of attempts" }),
	"dlq-topic": header,
	"dlq-partition": header,
	"dlq-offset": header,
	"dlq-left-out": T.Optional(
		T.String({
			description:
				"Those of `key`, `value` and `headers` that are too large for a copy, with commas between them"
		})
	),
	"dlq-bytes": T.Optional(T.String({ description: "Size of the value, if a part is omitted" }))
});

interface MessageSpec {
	name: string;
	title: string;
	/** Its text, and the member of the payload that it is, as a JSON pointer. */
	key: { about: string; member?: string };
	headers: TSchema;
	/** None: the value may be anything, not only JSON. */
	payload?: TSchema;
	/** Golden files. */
	examples: readonly string[];
}

const golden = join(import.meta.dirname, "../../../contracts/golden");
const example = (name: string): Json =>
	JSON.parse(readFileSync(join(golden, `${name}.json`), "utf8"));

const messages = {
	OrderEvent: {
		name: "order event",
		title: "A status change of an order",
		key: {
			about: "The user's id: all events of one user are in order",
			member: "/data/user_id"
		},
		headers: eventHeaders,
		payload: OrderStreamEvent,
		examples: ["order.confirmed.v1", "order.shipped.v1", "order.returned.v1"]
	},
	LowStock: {
		name: "low stock",
		title: "A product is running low",
		key: { about: "The product's id", member: "/data/product_id" },
		headers: eventHeaders,
		payload: LowStockEvent,
		examples: ["product.low_stock.v1"]
	},
	WebhookDisabled: {
		name: "webhook disabled",
		title: "A webhook is disabled",
		key: { about: "The webhook's id", member: "/data/webhook_id" },
		headers: eventHeaders,
		payload: WebhookDisabledEvent,
		examples: ["webhook.disabled.v1"]
	},
	Window: {
		name: "window",
		title: "Sales of one minute; replaces earlier messages of the same key",
		key: { about: "Start of the window and currency", member: "/subject" },
		headers: eventHeaders,
		payload: WindowStreamEvent,
		examples: ["analytics.window.v1"]
	},
	DeadLetter: {
		name: "dead letter",
		title: "A message that could not be handled, unchanged",
		key: { about: "The key of the original message" },
		headers: causeHeaders,
		examples: ["dead_letter.v1"]
	}
} as const satisfies Record<string, MessageSpec>;
type MessageName = keyof typeof messages;

interface TopicContent {
	/** Kinds of messages that it carries. */
	carries: readonly MessageName[];
	about: string;
}

const topicMessages: Readonly<Record<string, TopicContent>> = {
	[topics.orders]: { carries: ["OrderEvent"], about: "Every published status change of an order" },
	[topics.windows]: { carries: ["Window"], about: "The last message of a key is current" },
	[topics.late]: {
		carries: ["OrderEvent"],
		about: "Events that arrived more than a day late and are not counted"
	},
	[topics.notifications]: {
		carries: ["LowStock", "WebhookDisabled"],
		about: "Notifications for admins"
	}
};

const dlqTopics = Object.keys(topicMessages).map(
	topic =>
		[
			dlqTopicOf(topic),
			{ carries: ["DeadLetter"], about: `Messages of \`${topic}\` that were dead-lettered` }
		] as const
);
const contentOfTopic: typeof topicMessages = { ...topicMessages, ...Object.fromEntries(dlqTopics) };

/** AsyncAPI has no word for the member of the payload that is the key. Its runtime expressions name one. */
const keyOf = ({ about, member }: MessageSpec["key"]): Json => ({
	type: "string",
	description: about,
	...(member && { "x-location": `$message.payload#${member}` })
});

function messageOf(
	{ name, title, key, headers, payload, examples }: MessageSpec,
	components: Components
): Json {
	// The golden file of an event is its value; that of a message which may be anything has headers that say what it is.
	const shown = examples.map(file =>
		payload
			? { name: file, payload: example(file) }
			: { name: file, headers: example(file).headers }
	);
	return {
		name,
		title,
		headers: components.plain(headers),
		...(payload && { contentType, payload: components.plain(withUnknownMembers(payload)) }),
		examples: shown,
		bindings: { kafka: { key: keyOf(key), bindingVersion: "0.5.0" } }
	};
}

const reference = (to: string) => ({ $ref: `#/${to}` });

type StreamSettings = Config["stream"];

/** Default settings. */
const defaultSettings: StreamSettings = {
	partitions: variables.STREAM_PARTITIONS.fallback,
	retentionMs: variables.STREAM_RETENTION_HOURS.fallback * 3_600_000
};

function channelOf(topic: string, stream: StreamSettings): Json {
	const { carries, about } = contentOfTopic[topic]!;
	const spec = topicSpecs(stream).find(({ name }) => name === topic)!;
	const topicConfiguration = {
		"cleanup.policy": [spec.cleanup],
		...(spec.cleanup === "delete" && { "retention.ms": spec.retentionMs })
	};
	return {
		address: topic,
		description: about,
		messages: Object.fromEntries(
			carries.map(message => [message, reference(`components/messages/${message}`)])
		),
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

/** The topics of a shop with these settings, as AsyncAPI 3. */
export function asyncApiDocument(stream = defaultSettings): Json {
	const components = new Components();
	const messageObjects = Object.entries<MessageSpec>(messages).map(([id, message]) => [
		id,
		messageOf(message, components)
	]);
	const sent = Object.keys(contentOfTopic).map(topic => [
		`send${named(topic)}`,
		{
			action: "send",
			channel: reference(`channels/${topic}`),
			summary: contentOfTopic[topic]!.about
		}
	]);
	return {
		asyncapi: "3.1.0",
		info: {
			title: "moleculer-commerce streams",
			version: manifest.version,
			description:
				"Events of the shop, delivered at least once: ignore an `id` that was already processed, and members that you do not know: a later version may add some. Messages of one key are in order."
		},
		channels: Object.fromEntries(
			Object.keys(contentOfTopic).map(topic => [topic, channelOf(topic, stream)])
		),
		operations: Object.fromEntries(sent),
		components: { messages: Object.fromEntries(messageObjects), schemas: components.schemas }
	};
}
