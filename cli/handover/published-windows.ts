import { WindowStreamEvent, type Window } from "../../contracts/analytics.ts";
import { withUnknownMembers } from "../../lib/schema.ts";
import { validate } from "../../lib/validator.ts";
import { keyOf } from "../../services/analytics/windows/window-messages.ts";
import { printRetry } from "../../launch/process/retry-warning.ts";
import type { Driver, Message } from "../../streams/driver.ts";
import { readToEnd } from "../../streams/read-to-end.ts";
import { topics } from "../../streams/messages/topics.ts";
import { clocksDifferMs } from "./adoption.ts";

/** Of later versions too. */
const schema = withUnknownMembers(WindowStreamEvent);
/** Of Postgres, where revisions are kept: a higher one is of another writer. */
const mostRevisions = 2 ** 31 - 1;

/** Undefined for a message that is no window by the contract: other writers have no say. PublishedWindows.java does the same. */
export function windowOf({ key, value }: Pick<Message, "key" | "value">): Window | undefined {
	let event: WindowStreamEvent;
	try {
		event = JSON.parse(value.toString()) as WindowStreamEvent;
	} catch {
		return undefined;
	}
	if (validate(schema, event).length > 0) return undefined;
	const { window_start, currency, revision } = event.data;
	const isOwn = key === keyOf({ start: Date.parse(window_start), currency });
	return isOwn && revision <= mostRevisions ? event.data : undefined;
}

/**
 * By window, the highest revision that readers may have seen.
 * @param since when Flink became the owner: the database knows what the service has published before
 */
export async function highestRevisions(driver: Driver, since = new Date(0)): Promise<Window[]> {
	const highest = new Map<string, Window>();
	const from = since.getTime() - clocksDifferMs;
	const take = async (messages: readonly Message[]) => {
		for (const message of messages) {
			const window = message.at.getTime() < from ? undefined : windowOf(message);
			if (!window) continue;
			const name = `${window.window_start} ${window.currency}`;
			if (window.revision > (highest.get(name)?.revision ?? 0)) highest.set(name, window);
		}
	};
	await readToEnd({ driver, topic: topics.windows, take, onError: printRetry });
	return [...highest.values()];
}
