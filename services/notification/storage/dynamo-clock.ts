import { GetItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { answeredInTime } from "../aws/client-options.ts";
import { ServerClock } from "./server-clock.ts";

/** The part of a raw response that has its headers; their names are in lower case. */
interface RawResponse {
	headers?: Record<string, string>;
}

/** The clock of DynamoDB, which has no statement that returns it. It reads all responses that the client gets. */
export class DynamoClock {
	readonly #clock = new ServerClock();
	readonly #client: DynamoDBClient;
	readonly #table: string;
	#asked: Promise<void> | undefined;

	constructor(client: DynamoDBClient, table: string) {
		this.#client = client;
		this.#table = table;
		const { middlewareStack } = client;
		middlewareStack.add(
			next => async args => {
				const sentAtMs = performance.now();
				const result = await next(args);
				const { headers } = result.response as RawResponse;
				this.#clock.observe(headers?.date, { sentAtMs, receivedAtMs: performance.now() });
				return result;
			},
			// Nearest to the connection: it sees responses that are errors too, before the SDK throws them.
			{ step: "deserialize", priority: "low" }
		);
	}

	/**
	 * Makes a request if there was no response yet. The node's clock is used only with an endpoint whose responses have
	 * no date, as no endpoint of AWS does.
	 */
	async now(): Promise<number> {
		if (this.#clock.timeMs() === undefined)
			await (this.#asked ??= this.#ask().catch(error => {
				this.#asked = undefined;
				throw error;
			}));
		return this.#clock.timeMs() ?? Date.now();
	}

	/** Reads an item that does not exist. */
	async #ask(): Promise<void> {
		const read = new GetItemCommand({ TableName: this.#table, Key: { id: { S: "clock" } } });
		await answeredInTime(options => this.#client.send(read, options));
	}
}
