import { Agent, request, type IncomingHttpHeaders } from "node:http";

export interface Reply {
	status: number;
	headers: IncomingHttpHeaders;
	text: string;
}

export interface KeepAliveOptions {
	method?: string;
	headers?: Record<string, string>;
	body?: unknown;
}

/**
 * A client with one connection, which it uses again for as long as the server keeps it. Unlike `fetch`, it never sends a
 * request a second time.
 */
export class KeepAliveClient {
	readonly #url: string;
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

	constructor(url: string) {
		this.#url = url;
	}

	/** @throws the system's error when there is no connection, or it ends before the response */
	send(path: string, { method = "GET", headers = {}, body }: KeepAliveOptions = {}) {
		const json = body === undefined ? undefined : JSON.stringify(body);
		const type = json === undefined ? {} : { "content-type": "application/json" };
		return new Promise<Reply>((resolve, reject) => {
			const options = { agent: this.#agent, method, headers: { ...type, ...headers } };
			const req = request(`${this.#url}${path}`, options, res => {
				let text = "";
				res.setEncoding("utf8").on("data", chunk => (text += chunk));
				res.on("end", () => resolve({ status: res.statusCode!, headers: res.headers, text }));
				res.on("error", reject);
			});
			req.on("error", reject).end(json);
		});
	}

	close(): void {
		this.#agent.destroy();
	}
}
