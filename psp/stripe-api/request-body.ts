import type { IncomingMessage } from "node:http";

const longestBody = 65_536;

export class BodyTooLarge extends Error {}

/** The body as text. @throws BodyTooLarge beyond 64 KiB */
export async function bodyOf(req: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of req as AsyncIterable<Buffer>) {
		length += chunk.length;
		if (length > longestBody) throw new BodyTooLarge();
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}
