import { withUnknownMembers, type Static, type TSchema } from "../../lib/schema.ts";
import { withoutLeapSecond } from "../../lib/instant.ts";
import { validate } from "../../lib/validator.ts";
import { maxClockSkewMs } from "../clock-skew.ts";
import type { Message } from "../driver.ts";

/** A message that is not a valid event, with a reason code and a description. */
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
	/** It was read, and handling it failed repeatedly. */
	| "handling-failed";

/** Events are some 1 KiB; 100 lines with the longest names are 60. */
export const mostBytes = 256 * 1024;
/** The shop did not exist before; a time of 1970 is a time that was not set. */
export const oldestMs = Date.UTC(2020, 0);

/** Attributes that all events have. */
interface Envelope {
	time: string;
	subject: string;
	partitionkey: string;
}

/** Events of one schema, which may have several types. */
export interface EventKind<S extends TSchema> {
	schema: S;
	/** By type: the schema of the supported version. */
	schemas: ReadonlyMap<string, string>;
	/** The key and subject that follow from the event's data. */
	belongs(event: Static<S>): { key: string; subject: string };
}

/**
 * Creates the function that reads a topic's messages. It throws `Unreadable` for anything that is not a valid event.
 *
 * @param kinds those that the topic carries: the type of a message decides by which it is read
 */
export function reader<S extends readonly TSchema[]>(
	...kinds: { [I in keyof S]: EventKind<S[I]> }
): (message: Message) => Static<S[number]> {
	// A later version of the shop, whose nodes run beside this one in an upgrade, may add members.
	const read = kinds.map(kind => ({ ...kind, schema: withUnknownMembers(kind.schema) }));
	return message => {
		const parsed = parse(message);
		const { schema, belongs } = findKind(parsed, read);
		checkShape(schema, parsed);
		// Postgres returns ids in lower case; in upper case they would be different keys.
		parsed.id = String(parsed.id).toLowerCase();
		parsed.time = withoutLeapSecond(String(parsed.time));
		const event = parsed as Static<S[number]>;
		const { partitionkey, subject, time } = parsed as unknown as Envelope;
		const own = belongs(event);
		if (message.key !== partitionkey || partitionkey !== own.key || subject !== own.subject)
			throw new Unreadable("wrong-key", `key is ${JSON.stringify(message.key)?.slice(0, 100)}`);
		checkTime(time, message.at);
		return event;
	};
}

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

function findKind<K extends EventKind<TSchema>>(
	{ type, dataschema }: Record<string, unknown>,
	kinds: readonly K[]
): K {
	const kind =
		typeof type === "string" ? kinds.find(({ schemas }) => schemas.has(type)) : undefined;
	if (!kind) throw new Unreadable("unknown-type", `type is ${JSON.stringify(type)?.slice(0, 100)}`);
	if (dataschema !== kind.schemas.get(type as string))
		throw new Unreadable(
			"unknown-version",
			`dataschema is ${JSON.stringify(dataschema)?.slice(0, 200)}`
		);
	return kind;
}

function checkShape(schema: TSchema, parsed: unknown): void {
	const wrong = validate(schema, parsed).slice(0, 5);
	if (wrong.length > 0)
		throw new Unreadable(
			"invalid",
			wrong.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ")
		);
}

function checkTime(time: string, at: Date): void {
	const ms = Date.parse(time);
	if (ms > at.getTime() + maxClockSkewMs)
		throw new Unreadable("time-in-future", `${time}, and the log took it at ${at.toISOString()}`);
	if (ms < oldestMs) throw new Unreadable("time-too-old", time);
}
