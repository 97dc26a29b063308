import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isChallenge, serveChallenge } from "./challenge.ts";
import type { Engine } from "../ledger/engine.ts";

/** Serves only challenge pages, on a free loopback port: for a simulator inside the shop's process. */
export class ChallengeServer {
	readonly #engine: Engine;
	#server: Promise<Server> | undefined;

	constructor(engine: Engine) {
		this.#engine = engine;
	}

	/** Opens the port on first use. */
	async origin(): Promise<string> {
		const server = await (this.#server ??= this.#open());
		return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		const server = await this.#server;
		server?.close();
		server?.closeAllConnections();
	}

	async #open(): Promise<Server> {
		const server = createServer((req, res) => {
			if (!isChallenge(req.url!)) return void res.writeHead(404).end();
			serveChallenge(this.#engine, req, res).catch(() => res.destroy());
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return server.unref();
	}
}
