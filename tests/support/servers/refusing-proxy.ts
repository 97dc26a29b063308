import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { once } from "node:events";

/** A response in place of that of the server behind. */
export interface Refusal {
	status: number;
	body: string;
}

export interface RefusingProxy {
	readonly url: string;
	/** Answers requests whose body contains this text itself, until it is called without one. */
	refuse(containing?: string, refusal?: Refusal): void;
	stop(): Promise<void>;
}

/** An HTTP proxy before one server, which passes on everything but what it is to refuse. */
export async function startRefusingProxy(target: string): Promise<RefusingProxy> {
	let refused: { containing: string; refusal: Refusal } | undefined;
	const forward = async (incoming: IncomingMessage, response: ServerResponse) => {
		const body = await buffer(incoming);
		if (refused && body.includes(refused.containing)) {
			const { status, body: text } = refused.refusal;
			response.writeHead(status, { "content-type": "text/xml" }).end(text);
			return;
		}
		const { method, headers, url } = incoming;
		const outgoing = request(new URL(url!, target), { method, headers }, answer => {
			response.writeHead(answer.statusCode!, answer.headers);
			answer.pipe(response);
		});
		outgoing.on("error", () => response.destroy());
		outgoing.end(body);
	};
	const server = createServer((incoming, response) => {
		void forward(incoming, response).catch(() => response.destroy());
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		refuse(containing, refusal) {
			refused = containing === undefined ? undefined : { containing, refusal: refusal! };
		},
		async stop() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		}
	};
}
