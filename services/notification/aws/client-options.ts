import { defaultProvider } from "@aws-sdk/credential-provider-node";
import type { Config } from "../../../config/index.ts";
import { within } from "../../../lib/retry.ts";
import { refusalByAws } from "./aws.decisions.ts";
import { limitedCredentials, timeoutError } from "./credentials.ts";
import { Refused } from "../channel.ts";

/** Time limit of a request to AWS, including its credentials and the whole body. */
export const answerWithinMs = 10_000;

/** The SDK's number of connections to a host. */
export const awsConnections = 50;

/**
 * For AWS clients. They do not retry, because the dispatcher does. The limits of a request are for those to STS, which
 * go through the same handler and have no other; by default the SDK only warns.
 */
export function awsOptions({ region, endpoint }: Config["aws"]) {
	return {
		...(region && { region }),
		...(endpoint && { endpoint }),
		maxAttempts: 1,
		credentials: limitedCredentials(() => defaultProvider(), answerWithinMs),
		requestHandler: {
			connectionTimeout: 3000,
			requestTimeout: answerWithinMs,
			throwOnRequestTimeout: true,
			socketTimeout: answerWithinMs
		}
	};
}

/**
 * Sends one request to AWS, and waits no longer than `answerWithinMs` for everything that it needs. The SDK's own limits
 * do not cover the body, and its signal does not end the wait for credentials.
 * @throws TimeoutError
 */
export async function answeredInTime<R>(
	ask: (options: { abortSignal: AbortSignal }) => Promise<R>,
	limitMs = answerWithinMs
): Promise<R> {
	const giveUp = new AbortController();
	const asked = ask({ abortSignal: giveUp.signal });
	const answered = await within(
		limitMs,
		asked.then(answer => ({ answer }))
	);
	if (answered) return answered.answer;
	const late = timeoutError(`AWS has not answered within ${limitMs} ms`);
	giveUp.abort(late);
	throw late;
}

/** Status and headers of the raw response that the SDK attaches to an error. */
interface Answered extends Error {
	$response?: { headers?: Record<string, string> };
}

/** Sends one request to AWS. @throws Refused */
export async function askAws<R>(
	ask: (options: { abortSignal: AbortSignal }) => Promise<R>
): Promise<R> {
	try {
		return await answeredInTime(ask);
	} catch (error) {
		const { name, message, $response } = error as Answered;
		const retryAfter = $response?.headers?.["retry-after"];
		throw new Refused(refusalByAws({ name, message, ...(retryAfter && { retryAfter }) }));
	}
}
