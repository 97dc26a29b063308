import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Api } from "./api.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import { isChallenge, serveChallenge } from "./challenge.ts";
import { isControl, serveControl } from "./fault-control.ts";
import { Engine } from "../ledger/engine.ts";
import { FaultInjector } from "../ledger/faults.ts";
import { Idempotency } from "./idempotency-keys.ts";
import { WebhookSender } from "./webhook-delivery.ts";

export interface PspOptions {
	/** 0 uses a free one. */
	port: number;
	/** Path of the file. */
	ledger: string;
	/** The API key that clients must send, as `Authorization: Bearer …`. */
	secretKey: string;
	webhookSecret: string;
	/** URL for webhooks; without it events are only listed. */
	webhookUrl: string | undefined;
}

const host = "127.0.0.1";

/** The simulated provider over HTTP. It listens on loopback only, because its fault settings are unprotected. */
export class PspServer {
	readonly #context: ApiContext;
	readonly #api: Api;
	readonly #webhooks: WebhookSender | undefined;
	readonly #server: Server;

	private constructor(engine: Engine, { secretKey, webhookSecret, webhookUrl }: PspOptions) {
		const faults = new FaultInjector();
		const origin = () => this.url;
		this.#context = {
			engine,
			faults,
			idempotency: new Idempotency(engine),
			pending: new Map(),
			origin
		};
		this.#api = new Api(this.#context, secretKey);
		this.#webhooks =
			webhookUrl === undefined
				? undefined
				: new WebhookSender({ engine, faults, url: webhookUrl, secret: webhookSecret, origin });
		engine.onLaterChange = () => this.#webhooks?.sendNew();
		this.#server = createServer((req, res) => void this.#serve(req, res));
	}

	/** Resolves when it listens. @throws EADDRINUSE and the like */
	static async open(options: PspOptions): Promise<PspServer> {
		const psp = new PspServer(await Engine.open(options.ledger), options);
		psp.#server.listen(options.port, host);
		await once(psp.#server, "listening");
		psp.#webhooks?.sendNew();
		return psp;
	}

	get url(): string {
		return `http://${host}:${(this.#server.address() as AddressInfo).port}`;
	}

	/** Cuts every connection; the ledger is the only state, and stays. */
	async close(): Promise<void> {
		this.#webhooks?.close();
		this.#server.close();
		this.#server.closeAllConnections();
		await this.#context.engine.close();
	}

	async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
		try {
			if (isChallenge(req.url!)) await serveChallenge(this.#context.engine, req, res);
			else if (isControl(req.url!)) send(res, await serveControl(this.#context, req));
			else send(res, await this.#api.serve(req));
		} catch {
			// Dropped by a fault, or a defect: to the client both are a lost connection.
			res.destroy();
		}
		this.#webhooks?.sendNew();
	}
}

function send(res: ServerResponse, { status, body, headers, lost }: Reply): void {
	const text = JSON.stringify(body);
	const length = Buffer.byteLength(text);
	res.writeHead(status, {
		"Content-Type": "application/json",
		"Content-Length": length,
		"Cache-Control": "no-store",
		...headers
	});
	if (!lost) return void res.end(text);
	// The client sees that its request was received and never learns the outcome.
	res.write(text.slice(0, length / 2), () => res.destroy());
}
