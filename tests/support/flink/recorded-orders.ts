import { readFileSync } from "node:fs";
import { join } from "node:path";
import { schemaOf, type OrderEventType, type OrderStreamEvent } from "../../../contracts/events.ts";
import { generator } from "../random.ts";
import { buildOrderEvent } from "../streams/order-message.ts";

/**
 * A recording of the topic `orders` over 42 hours, in tests/support/flink/orders.jsonl: in the order in which the log took
 * the messages. It is generated from a seed, so that a change of the contract shows in it.
 */

/** What a message is to a reader; a poison message is no valid event. */
export type Label = "event" | "duplicate" | "poison";

export interface Recorded {
	/** When the log took it. */
	at: number;
	label: Label;
	key: string | null;
	/** Null for a message without a value. */
	value: string | null;
	/** The value is in Base64, because it is no text. */
	binary?: true;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
export const recordedFrom = Date.UTC(2026, 2, 1, 12);
/** Longer than allowed lateness, so that there are events that are later. */
const lasts = 42 * hour;
const largest = Number.MAX_SAFE_INTEGER;

export const recordedFile = join(import.meta.dirname, "orders.jsonl");

type Spec = Parameters<typeof buildOrderEvent>[0];

class Recording {
	readonly messages: Recorded[] = [];
	readonly #random = generator(20_260_301);
	#ids = 0;

	below(n: number): number {
		return Math.floor(this.#random() * n);
	}

	#id(): string {
		return `0193a1c2-7b1e-7f00-8000-${(++this.#ids).toString(16).padStart(12, "0")}`;
	}

	event(spec: Spec & { at: number }): OrderStreamEvent {
		const user_id = `user-${this.below(30)}`;
		const items = [{ product_id: "cup", quantity: 1, unit_price: 100 }];
		return buildOrderEvent({ id: this.#id(), order_id: this.#id(), user_id, items, ...spec });
	}

	/** @param delay how long after its own time the log takes it */
	take(event: OrderStreamEvent, delay: number, label: Label = "event"): void {
		const at = Date.parse(event.time) + delay;
		this.messages.push({ at, label, key: event.partitionkey, value: JSON.stringify(event) });
	}

	sale(after: number, delay: number, spec: Spec = {}): OrderStreamEvent {
		const event = this.event({ at: recordedFrom + after, total: 1 + this.below(20_000), ...spec });
		this.take(event, delay);
		return event;
	}

	poison(after: number, value: string | null, key: string | null = "user-1", binary?: true): void {
		const at = recordedFrom + after;
		this.messages.push({ at, label: "poison", key, value, ...(binary && { binary }) });
	}
}

const currencies = ["USD", "EUR", "JPY", "KWD"];

function recordSales(recording: Recording): void {
	const currency = () => currencies[recording.below(4)]!;
	const first = () => recording.below(6 * minute);
	for (let n = 0; n < 90; n++)
		recording.sale(first(), recording.below(2 * second), { currency: currency() });
	// Sales of the rest of the time, without which nothing would know that it passed.
	for (let at = 20 * minute; at < lasts; at += 45 * minute)
		for (let n = 0; n < 3; n++)
			recording.sale(at + n * 7 * second, recording.below(second), { currency: "USD" });
	// At the end in all partitions, so that all of them know how late it is.
	for (let n = 0; n < 30; n++)
		recording.sale(lasts + n * second, 0, { currency: "USD", user_id: `user-${n}` });
	const late: [count: number, least: number, more: number][] = [
		[15, 5 * second, 55 * second],
		[12, 2 * minute, 30 * minute],
		[12, hour, 21 * hour],
		[10, 30 * hour, 11 * hour]
	];
	for (const [count, least, more] of late)
		for (let n = 0; n < count; n++)
			recording.sale(first(), least + recording.below(more), { currency: currency() });
}

/** Windows whose averages are half a cent, and sums that a double does not have. */
function recordEdges(recording: Recording): void {
	const sums: [minutes: number, totals: number[]][] = [
		[10, [1, 2]],
		[11, [2, 3]],
		[12, [0, 0, 1]],
		[13, [largest]],
		[14, [largest - 2, 0]],
		[15, [largest, largest, 1]],
		[16, [largest - 4, 1, 0, 2]],
		[17, [largest, 0]]
	];
	for (const [minutes, totals] of sums)
		for (const [n, total] of totals.entries())
			recording.sale(minutes * minute + n * second, n, { currency: "CHF", total });
	// The edges of a minute.
	for (const ms of [18 * minute - 1, 18 * minute, 19 * minute - 1])
		recording.sale(ms, 0, { currency: "SEK", total: 100 });
}

function recordOthers(recording: Recording): void {
	const usd = (amount: number) => ({ amount, currency: "USD" });
	const types: OrderEventType[] = [
		"order.created",
		"order.cancelled",
		"order.refunded",
		"order.returned",
		"order.refund_issued",
		"order.shipped"
	];
	for (const type of types)
		for (const delay of [second, 3 * hour, 30 * hour])
			recording.take(
				recording.event({
					at: recordedFrom + recording.below(6 * minute),
					type,
					...(type === "order.refund_issued" && {
						refund: { origin: "staff" as const, amount: usd(50) }
					})
				}),
				delay
			);
	const events = recording.messages.filter(({ value }) => value!.includes("order.confirmed"));
	for (let n = 0; n < 24; n++) {
		const taken = events[recording.below(events.length)]!;
		const after = 1 + recording.below([second, hour, 26 * hour][n % 3]!);
		const at = Math.max(taken.at, Math.min(taken.at + after, recordedFrom + lasts));
		recording.messages.push({ ...taken, at, label: "duplicate" });
	}
}

function recordPoison(recording: Recording): void {
	const good = recording.event({ at: recordedFrom + minute, user_id: "user-1", total: 777 });
	const having = (over: object) => JSON.stringify({ ...good, ...over });
	const data = (over: object) => having({ data: { ...good.data, ...over } });
	const total = (amount: unknown, currency: unknown = "USD") =>
		data({ total: { amount, currency } });
	const values = [
		"{ not json",
		"",
		"[]",
		"null",
		"1",
		`${having({})} trailing`,
		having({ id: undefined }),
		having({ id: "1" }),
		having({ type: "order.eaten" }),
		having({ type: 7 }),
		having({ dataschema: schemaOf("order.confirmed", 2) }),
		having({ dataschema: schemaOf("order.shipped") }),
		having({ time: "yesterday" }),
		having({ time: "2026-02-30T12:00:00.000Z" }),
		having({ time: new Date(recordedFrom + 2 * hour).toISOString() }),
		having({ time: "1970-01-01T00:00:00.000Z" }),
		having({ specversion: "2.0" }),
		having({ data: { hello: "world" } }),
		having({ subject: good.id }),
		data({ items: [] }),
		data({ status: "eaten" }),
		data({ totals: undefined }),
		total(-1),
		total(0.5),
		total("777"),
		total(777, "ZZZ"),
		total(777, null),
		having({}).replaceAll("777", "9007199254740993")
	];
	for (const [n, value] of values.entries()) recording.poison(minute + (n + 1) * second, value);
	recording.poison(2 * minute, null);
	recording.poison(2 * minute, Buffer.from([0xff, 0xfe, 0]).toString("base64"), "user-1", true);
	recording.poison(2 * minute, having({}), "user-2");
	recording.poison(2 * minute, having({}), null);
}

/** Valid events that do not look like it. */
function recordVariants(recording: Recording): void {
	const event = () => recording.event({ at: recordedFrom + minute, user_id: "user-1", total: 777 });
	const take = (value: string, after = 0) => {
		const at = recordedFrom + minute + after;
		recording.messages.push({ at, label: "event", key: "user-1", value });
	};
	take(JSON.stringify({ ...event(), added_later: { a: [1] } }));
	take(JSON.stringify(event()).replaceAll("777", "777.0"));
	take(JSON.stringify(event()).replaceAll("777", "7.77e2"));
	const upper = event();
	take(JSON.stringify({ ...upper, id: upper.id.toUpperCase() }));
	recording.take(upper, minute, "duplicate");
	take(JSON.stringify({ ...event(), time: "2026-03-01T13:01:00.5+01:00" }), second);
}

/** In the order of the log; of messages of one instant, in that of their generation. */
export function generateRecording(): Recorded[] {
	const recording = new Recording();
	recordSales(recording);
	recordEdges(recording);
	recordOthers(recording);
	recordPoison(recording);
	recordVariants(recording);
	return recording.messages.toSorted((a, b) => a.at - b.at);
}

export const recordingText = (): string =>
	generateRecording()
		.map(message => `${JSON.stringify(message)}\n`)
		.join("");

export const readRecording = (): Recorded[] =>
	readFileSync(recordedFile, "utf8")
		.trim()
		.split("\n")
		.map(line => JSON.parse(line) as Recorded);

export const bytesOf = ({ value, binary }: Pick<Recorded, "value" | "binary">): Buffer | null =>
	value === null ? null : Buffer.from(value, binary ? "base64" : "utf8");
