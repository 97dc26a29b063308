import type { Window, WindowStreamEvent } from "../../../contracts/analytics.ts";
import { derivedId } from "../../../lib/id.ts";
import { windowMs, type Key, type Result } from "./tumbling.window.ts";

export const iso = (ms: number) => new Date(ms).toISOString();

export function toWindow({ start, average, users, ...rest }: Result): Window {
	const { currency, orders, revenue, revision, final } = rest;
	return {
		window_start: iso(start),
		window_end: iso(start + windowMs),
		currency,
		orders,
		revenue,
		unique_users: users,
		average_order_value: average,
		revision,
		final
	};
}

/** Of the compacted topic: the last message of a window is current. */
export const keyOf = ({ start, currency }: Key) => `${iso(start)}/${currency}`;

/** Any fixed UUID. */
const namespace = "5f0d2a1c-7a55-4b7e-9a0c-3f6a2f0f8c11";

/** A revision that is published again has the same id, so that a reader knows it for a duplicate. */
export function toMessage(result: Result, at: number): WindowStreamEvent {
	const key = keyOf(result);
	const id = derivedId(namespace, `${key} ${result.revision}`);
	return {
		specversion: "1.0",
		id,
		source: "/analytics",
		type: "analytics.window",
		subject: key,
		time: iso(at),
		datacontenttype: "application/json",
		dataschema: "https://schemas.moleculer-commerce.example/analytics.window/v1",
		partitionkey: key,
		sequence: String(result.revision),
		data: toWindow(result)
	};
}
