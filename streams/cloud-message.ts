import type { Outgoing } from "./driver.ts";

/** An event without its data. */
export interface Attributes {
	specversion: string;
	id: string;
	source: string;
	type: string;
	subject: string;
	time: string;
	partitionkey: string;
}

export const cloudContentType = "application/cloudevents+json; charset=UTF-8";

/**
 * A CloudEvent 1.0 as a message: structured JSON. The headers of the Kafka binding are there for those
 * who look at nothing else. @param data as JSON, which nobody reads on the way
 */
export function cloudMessage(event: Attributes, data: string): Outgoing {
	const { specversion, id, source, type, subject, time, partitionkey } = event;
	const names = { specversion, id, source, type, subject, time };
	const headers = Object.fromEntries(Object.entries(names).map(([k, v]) => [`ce_${k}`, v]));
	return {
		key: partitionkey,
		value: `${JSON.stringify(event).slice(0, -1)},"data":${data}}`,
		headers: { "content-type": cloudContentType, ...headers }
	};
}
