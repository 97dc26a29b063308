import type { RequestListener } from "node:http";
import { Networks } from "../lib/addresses/network.ts";
import { fail } from "../lib/errors.ts";
import { HttpServer } from "./limited-server.ts";
import { sendProblem } from "./problem.ts";
import { checkForm } from "./request-form.ts";

/** In ms, of a port that only programs of the operator reach. */
const limits = {
	maxConnections: 100,
	maxConnectionsOfNetwork: 0,
	trustedProxies: new Networks([]),
	keepAliveMs: 65_000,
	headMs: 10_000,
	requestMs: 10_000,
	stallMs: 30_000,
	checkEveryMs: 1000
};

const pathOf = (url: string) => url.replace(/\?.*/s, "");

/** What a node serves to programs of the operator: a few paths, which are only read. */
export class OperatorServer {
	readonly #http: HttpServer;

	/** @param handlers by path */
	constructor(handlers: Readonly<Record<string, RequestListener>>) {
		this.#http = new HttpServer((req, res) => {
			try {
				checkForm(req);
				const path = pathOf(req.url!);
				if (!Object.hasOwn(handlers, path)) fail("NOT_FOUND");
				if (req.method !== "GET" && req.method !== "HEAD") fail("METHOD_NOT_ALLOWED");
				handlers[path]!(req, res);
			} catch (error) {
				sendProblem(req, res, error);
			}
		}, limits);
	}

	/** The port that was bound, when one was. */
	get port(): number | undefined {
		return this.#http.isListening ? this.#http.port : undefined;
	}

	/** @param port 0 for a free one; without one it does not listen */
	async listen(port: number | undefined, host: string): Promise<void> {
		if (port !== undefined) await this.#http.listen(port, host);
	}

	close(): Promise<void> {
		return this.#http.close({ delayMs: 0, drainMs: 1000 });
	}
}
