import { within } from "../../../lib/retry.ts";

/** An error with the name by which the SDK's time limits are known. */
export const timeoutError = (message: string): Error =>
	Object.assign(new Error(message), { name: "TimeoutError" });

/**
 * Credentials from a source that may stay silent: STS, the metadata of an EC2 instance, the endpoint of a container. The
 * SDK waits for most of them without a limit, and every later request waits for the same answer. Here a source that did
 * not answer in time is forgotten, and the next request opens it again.
 */
export function limitedCredentials<Args extends unknown[], C>(
	open: () => (...args: Args) => Promise<C>,
	limitMs: number
): (...args: Args) => Promise<C> {
	let source: ReturnType<typeof open> | undefined;
	return async (...args) => {
		const used = (source ??= open());
		const credentials = await within(limitMs, used(...args));
		if (credentials !== undefined) return credentials;
		if (source === used) source = undefined;
		throw timeoutError(`the source of AWS credentials has not answered within ${limitMs} ms`);
	};
}
