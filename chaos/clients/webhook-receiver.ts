import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { rows } from "../../db/client.ts";
import { webhookEventTypes } from "../../contracts/webhook.ts";
import { newId } from "../../lib/id.ts";
import type { ReceivedWebhooks } from "../evidence/event-stream.ts";
import { Random } from "../../workload/random.ts";

/** The share of requests that fail, while faults are on. */
const faultRate = 0.2;
/** Longer than the shop waits for an answer. */
const silentMs = 20_000;

const insert = `
	insert into webhook.endpoint (id, url, event_types, secret) values ($1, $2, $3, $4)`;

/** Another system that gets the shop's events, and is as unreliable as they are. */
export class WebhookReceiver {
	readonly #secret = `whsec_${randomBytes(32).toString("base64")}`;
	readonly #acknowledged: string[] = [];
	readonly #unsigned: string[] = [];
	readonly #random: Random;
	readonly #server = createServer((req, res) => void this.#receive(req, res));
	#failed = 0;
	#isHealed = false;

	private constructor(seed: number) {
		this.#random = new Random(seed);
	}

	/** Listens on a free port, and registers itself for all events. @param databaseUrl of the owner */
	static async open(databaseUrl: string, seed: number): Promise<WebhookReceiver> {
		const receiver = new WebhookReceiver(seed);
		await new Promise<void>(resolve => receiver.#server.listen(0, "127.0.0.1", resolve));
		const { port } = receiver.#server.address() as AddressInfo;
		const url = `http://127.0.0.1:${port}/events`;
		await rows(databaseUrl, insert, [newId(), url, webhookEventTypes, receiver.#secret]);
		return receiver;
	}

	get received(): ReceivedWebhooks {
		return {
			acknowledged: this.#acknowledged,
			failed: this.#failed,
			unsigned: this.#unsigned
		};
	}

	/** From now on it acknowledges everything. */
	heal(): void {
		this.#isHealed = true;
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise(resolve => this.#server.close(resolve));
	}

	async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const parts: Buffer[] = [];
		try {
			for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
		} catch {
			// Its sender was killed.
			return;
		}
		const id = this.#verify(Buffer.concat(parts).toString(), request);
		if (!this.#isHealed && this.#random.chance(faultRate)) return this.#fail(response);
		if (id) this.#acknowledged.push(id);
		response.writeHead(204).end();
	}

	/** The id of the event, if it is signed. */
	#verify(body: string, { headers }: IncomingMessage): string | undefined {
		try {
			const message = new Webhook(this.#secret).verify(body, headers as Record<string, string>);
			const { id } = message as { id: string };
			if (id !== headers["webhook-id"]) throw new Error("the ids differ");
			return id;
		} catch (error) {
			this.#unsigned.push(`${headers["webhook-id"] as string}: ${(error as Error).message}`);
			return undefined;
		}
	}

	#fail(response: ServerResponse): void {
		this.#failed++;
		const faults = [
			() => response.writeHead(500).end("no"),
			() => response.writeHead(503, { "retry-after": "1" }).end(),
			() => response.writeHead(302, { location: "/elsewhere" }).end(),
			() => response.destroy(),
			() => void setTimeout(() => response.destroy(), silentMs).unref()
		];
		// Each silent request takes a place for as long as the shop waits.
		const fault = this.#random.chance(0.05) ? faults[4]! : this.#random.pick(faults.slice(0, 4));
		fault();
	}
}
