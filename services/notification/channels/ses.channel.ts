import { setTimeout as delay } from "node:timers/promises";
import { SendRawEmailCommand, type SESClient } from "@aws-sdk/client-ses";
import { askAws, awsConnections } from "../aws/client-options.ts";
import { Refused, type Channel, type Dispatch } from "../channel.ts";
import { addressOf, composed, mailOf, type Address } from "./mail-headers.ts";
import { RateLimiter } from "./rate-limiter.ts";

export interface SesOptions {
	from: string;
	ratePerS: number;
	configurationSet: string | undefined;
}

/** Longest wait for a slot; beyond it the message is rescheduled. */
const maxWaitMs = 2000;
const throttledMs = 1000;

/** Sends e-mail by Amazon SES, within the account's rate. */
export class SesChannel implements Channel {
	/** As many as get their turn in time. */
	readonly maxInFlight: number;
	readonly #client: SESClient;
	readonly #from: Address;
	readonly #configurationSet: string | undefined;
	readonly #rateLimiter: RateLimiter;

	constructor(client: SESClient, { from, ratePerS, configurationSet }: SesOptions) {
		this.#client = client;
		this.#from = addressOf(from);
		this.#configurationSet = configurationSet;
		this.#rateLimiter = new RateLimiter(ratePerS);
		const inTime = Math.floor((ratePerS * maxWaitMs) / 1000);
		this.maxInFlight = Math.min(awsConnections, Math.max(1, inTime));
	}

	async send(dispatch: Dispatch): Promise<{ providerId: string }> {
		const command = new SendRawEmailCommand({
			Source: this.#from.address,
			Destinations: [dispatch.to],
			RawMessage: { Data: await composed(mailOf(dispatch, this.#from)) },
			Tags: [{ Name: "message_id", Value: dispatch.id }],
			ConfigurationSetName: this.#configurationSet
		});
		await this.#waitForSlot();
		try {
			const { MessageId } = await askAws(options => this.#client.send(command, options));
			return { providerId: MessageId! };
		} catch (error) {
			if (error instanceof Refused && error.refusal.kind === "throttled")
				this.#rateLimiter.pause(throttledMs);
			throw error;
		}
	}

	async close(): Promise<void> {
		this.#client.destroy();
	}

	async #waitForSlot(): Promise<void> {
		const waitMs = this.#rateLimiter.reserve(maxWaitMs);
		if (waitMs > maxWaitMs)
			throw new Refused({ kind: "throttled", reason: "SES_RATE_PER_S", retryAfterMs: waitMs });
		if (waitMs > 0) await delay(waitMs);
	}
}
