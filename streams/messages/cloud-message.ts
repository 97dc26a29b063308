import type { CloudEventV1 } from "cloudevents";
import type { Outgoing } from "../driver.ts";

type ContextAttribute = "specversion" | "id" | "source" | "type" | "subject" | "time";

/**
 * An event without its data: the CloudEvents attributes that our events use. The database chooses the id with the row
 * of the outbox (`gen_random_uuid()`), and a consumer's inbox recognises a duplicate by it (inbox.repository.ts).
 */
export type Attributes = Required<Pick<CloudEventV1<unknown>, ContextAttribute>> & {
	partitionkey: string;
};

export const cloudContentType = "application/cloudevents+json; charset=UTF-8";

/** The headers of the Kafka binding, for readers that do not parse the value. */
export function cloudHeaders(event: Omit<Attributes, "partitionkey">): Record<string, string> {
	const { specversion, id, source, type, subject, time } = event;
	const names = { specversion, id, source, type, subject, time };
	const headers = Object.fromEntries(Object.entries(names).map(([k, v]) => [`ce_${k}`, v]));
	return { "content-type": cloudContentType, ...headers };
}

/** A CloudEvent 1.0 as a message: structured JSON. @param data as JSON text, which is not parsed on the way */
export function cloudMessage(event: Attributes, data: string): Outgoing {
	return {
		key: event.partitionkey,
		value: `${JSON.stringify(event).slice(0, -1)},"data":${data}}`,
		headers: cloudHeaders(event)
	};
}
