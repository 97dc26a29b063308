import {
	orderEventTypes,
	OrderStreamEvent,
	schemaOf,
	type OrderEventType
} from "../contracts/events.ts";
import { faults } from "../lib/validator.ts";
import type { Message } from "./driver.ts";

/** A message that is no event of ours, and why: a word for people and machines, and what is wrong. */
export class Unreadable extends Error {
	readonly reason: Reason;

	constructor(reason: Reason, detail: string) {
		super(detail);
		this.reason = reason;
	}
}

export type Reason =
	| "too-large"
	| "not-json"
	| "unknown-type"
	| "unknown-version"
	| "invalid"
	| "wrong-key"
	| "time-in-future"
	| "time-too-old"
	/** It was read, and handling it failed again and again. */
	| "handling-failed";

/** Events are some 1 KiB; 100 lines with the longest names are 60. */
const mostBytes = 256 * 1024;
/** No clock of ours is so much ahead of the log's. */
const aheadMs = 5 * 60_000;
/** Nothing was sold before; a time of 1970 is a time that was not set. */
const oldestMs = Date.UTC(2020, 0);

const knownTypes: ReadonlySet<string> = new Set(orderEventTypes);

function parse({ value }: Message): Record<string, unknown> {
	if (value.length > mostBytes)
		throw new Unreadable("too-large", `${value.length} bytes, at most ${mostBytes}`);
	try {
		const parsed: unknown = JSON.parse(value.toString());
		if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
	} catch (error) {
		throw new Unreadable("not-json", (error as Error).message.slice(0, 200));
	}
	throw new Unreadable("not-json", "is no object");
}

function checkKind({ type, dataschema }: Record<string, unknown>): void {
	if (typeof type !== "string" || !knownTypes.has(type))
		throw new Unreadable("unknown-type", `type is ${JSON.stringify(type)?.slice(0, 100)}`);
	if (dataschema !== schemaOf(type as OrderEventType))
		throw new Unreadable(
			"unknown-version",
			`dataschema is ${JSON.stringify(dataschema)?.slice(0, 200)}`
		);
}

function checkTime(time: string, at: Date): void {
	const ms = Date.parse(time);
	if (ms > at.getTime() + aheadMs)
		throw new Unreadable("time-in-future", `${time}, and the log took it at ${at.toISOString()}`);
	if (ms < oldestMs) throw new Unreadable("time-too-old", time);
}

/** The event that a message is. @throws Unreadable for everything else */
export function readOrderEvent(message: Message): OrderStreamEvent {
	const parsed = parse(message);
	checkKind(parsed);
	const wrong = faults(OrderStreamEvent, parsed);
	if (wrong.length > 0)
		throw new Unreadable(
			"invalid",
			wrong
				.slice(0, 5)
				.map(({ pointer, detail }) => `${pointer} ${detail}`)
				.join("; ")
		);
	const event = parsed as OrderStreamEvent;
	const { partitionkey, data, subject } = event;
	if (message.key !== partitionkey || partitionkey !== data.user_id || subject !== data.order_id)
		throw new Unreadable("wrong-key", `key is ${JSON.stringify(message.key)?.slice(0, 100)}`);
	checkTime(event.time, message.at);
	return event;
}
