import type { Refusal } from "../notification.decisions.ts";
import { reasonOf } from "../reason.decisions.ts";

/** What an error of the AWS SDK means for a message. */
export interface AwsError {
	name: string;
	message: string;
	/** `Retry-After` of the response, in seconds, if there is one. */
	retryAfter?: string;
}

const throttled = /^(Throttling|Throttled|TooManyRequests|RequestLimitExceeded|SlowDown)/;
const permanent = /^(MessageRejected|InvalidParameter|ParameterValueInvalid|ValidationError)/;
const optedOut = /opted ?out/i;

/** A daily quota needs a long pause. */
const quotaMs = 15 * 60_000;
const secondMs = 1000;

function waitOf({ message, retryAfter = "" }: AwsError): number {
	if (/^\d{1,5}$/.test(retryAfter)) return Number(retryAfter) * secondMs;
	return /daily .*quota/i.test(message) ? quotaMs : secondMs;
}

/** Errors about the sender (`not verified`) are temporary: they can be repaired, and then the message is sent. */
export function refusalByAws(error: AwsError): Refusal {
	const reason = reasonOf(`${error.name}: ${error.message}`);
	if (throttled.test(error.name)) return { kind: "throttled", reason, retryAfterMs: waitOf(error) };
	if (optedOut.test(`${error.name} ${error.message}`)) return { kind: "permanent", reason };
	const isOurs = /not verified/i.test(error.message);
	return { kind: permanent.test(error.name) && !isOurs ? "permanent" : "temporary", reason };
}
