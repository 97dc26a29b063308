import type { Config } from "../../../config/index.ts";
import { refusalByAws } from "./aws.decisions.ts";
import { Refused } from "../channel.ts";

/** Time limit of a request to AWS, including the whole body. */
const answerWithinMs = 10_000;

/** The SDK's number of connections to a host. */
export const awsConnections = 50;

/** For AWS clients. They do not retry, because the dispatcher does. */
export function awsOptions({ region, endpoint }: Config["aws"]) {
	return {
		...(region && { region }),
		...(endpoint && { endpoint }),
		maxAttempts: 1,
		requestHandler: { connectionTimeout: 3000 }
	};
}

/** For one request with its retries. The SDK's own limits do not cover the body, or only warn. */
export const answeredInTime = () => ({ abortSignal: AbortSignal.timeout(answerWithinMs) });

/** Status and headers of the raw response that the SDK attaches to an error. */
interface Answered extends Error {
	$response?: { headers?: Record<string, string> };
}

/** Sends one request to AWS. @throws Refused */
export async function askAws<R>(
	ask: (options: { abortSignal: AbortSignal }) => Promise<R>
): Promise<R> {
	try {
		return await ask(answeredInTime());
	} catch (error) {
		const { name, message, $response } = error as Answered;
		const retryAfter = $response?.headers?.["retry-after"];
		throw new Refused(refusalByAws({ name, message, ...(retryAfter && { retryAfter }) }));
	}
}
