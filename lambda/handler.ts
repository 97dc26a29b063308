import type { Context } from "aws-lambda";
import { answerWithinMs } from "../services/notification/aws/client-options.ts";
import { applyRecords } from "./apply-records.ts";
import { foundWithinMs } from "./contacts.ts";
import type { NotificationRun } from "./notification-run.ts";
import { batchOf } from "./sources/lambda-event.ts";
import type { BatchResponse } from "./sources/source-batch.ts";

export interface HandlerOptions {
	/** Opens what one invocation works with. */
	open(onError: (error: Error) => void): Promise<NotificationRun>;
	log(level: "info" | "warn", ...words: unknown[]): void;
}

export type Invoke = (
	event: unknown,
	context: Pick<Context, "getRemainingTimeInMillis">
) => Promise<BatchResponse>;

/**
 * What one more batch may take at most: to claim messages in two requests, to find the bus, the user service and the contacts, to
 * wait for the rate of SES and send, and to settle. One that is cut off would be sent again.
 */
export const reservedMs = 4 * answerWithinMs + 3 * foundWithinMs + 5000;

/**
 * The function. It plans the messages of the events that it gets, then sends what is due; messages that it cannot send yet wait
 * in the table for a later invocation, or for a node. So an event fails only if its messages could not be planned.
 */
export function createHandler({ open, log }: HandlerOptions): Invoke {
	return async (event, context) => {
		const batch = batchOf(event);
		const onError = ({ message }: Error) => log("warn", "retrying later:", message);
		const run = await open(onError);
		try {
			const { failed, deadLettered } = await applyRecords(batch, {
				plan: events => run.plan(events),
				deadLetter: (message, cause) => run.deadLetters.put(message, cause),
				onError
			});
			const tried = await sendAll(run, context, onError);
			const { source, records } = batch;
			log(
				"info",
				`${source}: ${records.length} records, ${failed.size} failed, ${deadLettered} dead-lettered; ${tried} messages tried`
			);
			return batch.respond(failed);
		} finally {
			await run.close();
		}
	};
}

/** A failure to send must not have the events delivered again: their messages are in the table. */
async function sendAll(
	run: NotificationRun,
	context: Pick<Context, "getRemainingTimeInMillis">,
	onError: (error: Error) => void
): Promise<number> {
	let tried = 0;
	try {
		while (context.getRemainingTimeInMillis() > reservedMs) {
			const count = await run.sendDue();
			if (count === 0) break;
			tried += count;
		}
	} catch (error) {
		onError(error as Error);
	}
	return tried;
}
