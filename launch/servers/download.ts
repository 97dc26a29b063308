/** A server that sends nothing for so long is given up; a slow one is not. */
const silentAfterMs = 60_000;

/** @throws Error for a response that is no success, and when nothing arrives for a minute */
export async function download(url: string, silentMs = silentAfterMs): Promise<Buffer> {
	const abort = new AbortController();
	const silence = new Error(`nothing was received for ${silentMs / 1000} s`);
	const timer = setTimeout(() => abort.abort(silence), silentMs);
	try {
		const answer = await fetch(url, { signal: abort.signal });
		if (!answer.ok) throw new Error(`${answer.status}`);
		const chunks: Uint8Array[] = [];
		for await (const chunk of answer.body ?? []) {
			timer.refresh();
			chunks.push(chunk);
		}
		return Buffer.concat(chunks);
	} finally {
		clearTimeout(timer);
		// The body of a response that is no success is not read.
		abort.abort();
	}
}
