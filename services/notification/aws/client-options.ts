import type { Config } from "../../../config/index.ts";
import { refusalByAws } from "./aws.decisions.ts";
import { Refused } from "../channel.ts";

/** Longest wait for AWS, from the first byte to the last. */
const answerWithinMs = 10_000;

/** For clients of AWS. They try once: when to try again, the dispatcher knows. */
export function awsOptions({ region, endpoint }: Config["aws"]) {
	return {
		...(region && { region }),
		...(endpoint && { endpoint }),
		maxAttempts: 1,
		requestHandler: { connectionTimeout: 3000 }
	};
}

/** For one request, the tries of it together. The SDK's own limits end before the body, or only warn. */
export const answeredInTime = () => ({ abortSignal: AbortSignal.timeout(answerWithinMs) });

/** Of the raw answer that the SDK keeps beside an error. */
interface Answered extends Error {
	$response?: { headers?: Record<string, string> };
}

/** Asks AWS once. @throws Refused */
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
