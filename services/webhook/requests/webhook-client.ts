import http from "node:http";
import https from "node:https";
import { keptOfAnswer } from "../../../contracts/webhook.ts";
import type { Networks } from "../../../lib/addresses/network.ts";
import { cutText } from "../../../lib/text/cut-text.ts";
import type { Attempt } from "../webhook.decisions.ts";
import { guardedLookup, TargetRefused } from "./guarded-lookup.ts";
import { errorInWords, retryAfterMs } from "./answer-in-words.ts";
import { targetUrl } from "./target.ts";

export interface ClientOptions {
	allowed: Networks;
	/** Longest wait for the answer, with its body. */
	timeoutMs: number;
}

const idleMs = 10_000;
/** More than a character has bytes, so that enough of them is read. */
const readBytes = 4 * keptOfAnswer;

/** The other side closed a connection that was kept, while the request was on its way. */
class IdleConnectionClosed extends Error {
	override readonly message = "the connection was closed";
}

/** Sends requests to where webhooks may lead. Redirects are not followed: they could lead anywhere. */
export class WebhookClient {
	readonly #options: ClientOptions;
	readonly #http: http.Agent;
	readonly #https: https.Agent;

	constructor(options: ClientOptions) {
		this.#options = options;
		const { allowed } = options;
		const common = { keepAlive: true, timeout: idleMs };
		// Agents pass their options on to the connection; the types do not say so.
		const withLookup = (protocol: "http:" | "https:") =>
			({ ...common, lookup: guardedLookup(protocol, allowed) }) as http.AgentOptions;
		this.#http = new http.Agent(withLookup("http:"));
		this.#https = new https.Agent(withLookup("https:"));
	}

	/** Never rejects: a failure is an answer too. */
	async post(url: string, headers: Record<string, string>, body: string): Promise<Attempt> {
		const startedAt = performance.now();
		const failed = (error: unknown) => ({
			status: null,
			error: errorInWords(error, this.#options.timeoutMs),
			answer: "",
			retryAfterMs: undefined
		});
		const send = () => this.#send(url, headers, body);
		const result = await send()
			.catch(error => (error instanceof IdleConnectionClosed ? send() : Promise.reject(error)))
			.catch(failed);
		return { ...result, durationMs: Math.round(performance.now() - startedAt) };
	}

	/** Ends idle connections. */
	close(): void {
		this.#http.destroy();
		this.#https.destroy();
	}

	#send(
		url: string,
		headers: Record<string, string>,
		body: string
	): Promise<Omit<Attempt, "durationMs">> {
		const { allowed, timeoutMs } = this.#options;
		return new Promise((resolve, reject) => {
			// An address in the URL itself is not looked up.
			const target = new URL(checked(url, allowed));
			const [send, agent] =
				target.protocol === "https:" ? [https.request, this.#https] : [http.request, this.#http];
			const bytes = Buffer.from(body);
			const request = send(target, {
				method: "POST",
				agent,
				headers: { ...headers, "content-length": bytes.length },
				signal: AbortSignal.timeout(timeoutMs)
			});
			let isAnswered = false;
			request.on("error", (error: NodeJS.ErrnoException) => {
				// A body that is cut or does not end changes nothing: the status decides.
				if (isAnswered) return;
				const isStale = request.reusedSocket && error.code === "ECONNRESET";
				reject(isStale ? new IdleConnectionClosed() : error);
			});
			request.on("response", response => {
				isAnswered = true;
				void readBeginning(response).then(answer => resolve(resultOf(response, answer, timeoutMs)));
			});
			// Node gives up the connection of an answer 101, and neither answers nor fails.
			request.on("upgrade", (response, socket) => {
				socket.destroy();
				resolve(resultOf(response, "", timeoutMs));
			});
			request.end(bytes);
		});
	}
}

function resultOf(
	{ statusCode, headers }: http.IncomingMessage,
	answer: string,
	timeoutMs: number
): Omit<Attempt, "durationMs"> {
	const status = statusCode!;
	const error = status >= 200 && status < 300 ? null : errorInWords(status, timeoutMs);
	return { status, error, answer, retryAfterMs: retryAfterMs(headers) };
}

/** @throws TargetRefused */
function checked(url: string, allowed: Networks): string {
	try {
		return targetUrl(url, allowed);
	} catch (error) {
		const { data } = error as { data?: { errors?: { detail: string }[] } };
		throw new TargetRefused(`the URL ${data?.errors?.[0]?.detail}`);
	}
}

/** The first characters of the body. The rest is not waited for, nor is a body that does not come. */
async function readBeginning(response: http.IncomingMessage): Promise<string> {
	const parts: Buffer[] = [];
	let bytes = 0;
	try {
		for await (const part of response as AsyncIterable<Buffer>) {
			parts.push(part);
			bytes += part.length;
			if (bytes >= readBytes) break;
		}
	} catch {
		// The status has been read, and it decides.
	}
	response.destroy();
	// Postgres stores no NUL.
	return cutText(Buffer.concat(parts).toString().replaceAll("\0", ""), keptOfAnswer);
}
