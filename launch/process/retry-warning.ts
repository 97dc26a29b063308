/** Prints why reading the event log failed; the reader retries by itself. */
export const printRetry = ({ message }: Error) =>
	console.error(`event log unavailable, retrying: ${message}`);
