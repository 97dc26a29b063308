import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

export interface Received {
	headers: IncomingHttpHeaders;
	body: string;
	url: string;
}

type Answer = (response: ServerResponse, received: Received) => void;

/** Another system's server: records what it gets, and answers 204 unless it is told to answer otherwise. */
export interface Receiver {
	readonly url: string;
	readonly requests: Received[];
	answer: Answer;
	/** The message, verified as receivers do. @throws WebhookVerificationError */
	verified(secret: string, received: Received): { id: string; type: string; data: object };
	close(): Promise<void>;
}

export const acknowledge: Answer = response => void response.writeHead(204).end();

export async function openReceiver(): Promise<Receiver> {
	const requests: Received[] = [];
	const server = createServer((request, response) => {
		let body = "";
		request.on("data", part => (body += part));
		request.on("end", () => {
			const received = { headers: request.headers, body, url: request.url! };
			requests.push(received);
			receiver.answer(response, received);
		});
	});
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const receiver: Receiver = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
		requests,
		answer: acknowledge,
		verified: (secret, { body, headers }) =>
			new Webhook(secret).verify(body, headers as Record<string, string>) as never,
		async close() {
			server.closeAllConnections();
			await new Promise(resolve => server.close(resolve));
		}
	};
	return receiver;
}
