import { createHmac } from "node:crypto";
import { backoffMs } from "../../lib/backoff.ts";
import type { Engine } from "../ledger/engine.ts";
import type { FaultInjector } from "../ledger/faults.ts";
import type { ProviderEvent } from "../ledger/provider-events.ts";
import { eventObject } from "./stripe-objects.ts";

export interface WebhookOptions {
	/** For tests. */
	scheduledAtMost?: number;
	engine: Engine;
	faults: FaultInjector;
	url: string;
	secret: string;
	origin(): string;
}

const inFlightAtMost = 8;
/** Events that are scheduled at a time: the others wait in the ledger while the shop is unavailable. */
const scheduledAtMost = 10_000;
const answerWithinMs = 5000;
const firstRetryMs = 250;
const longestRetryMs = 30_000;

/** `Stripe-Signature` for a body, as of now. */
export function sign(body: string, secret: string, at = Date.now()): string {
	const t = Math.floor(at / 1000);
	const v1 = createHmac("sha256", secret).update(`${t}.${body}`).digest("hex");
	return `t=${t},v1=${v1}`;
}

/**
 * Sends each event to the shop until it responds 2xx. Unacknowledged events are known from the ledger, so
 * they are sent again after a restart.
 */
export class WebhookSender {
	readonly #options: WebhookOptions;
	readonly #timers = new Set<NodeJS.Timeout>();
	readonly #ready: (() => Promise<void>)[] = [];
	#running = 0;
	/** Number of the book's events that were scheduled. */
	#seen = 0;
	#closed = false;

	constructor(options: WebhookOptions) {
		this.#options = options;
	}

	/** Starts sending the book's new events, as many as may be scheduled at a time. */
	sendNew(): void {
		if (this.#closed) return;
		const { engine, scheduledAtMost: limit = scheduledAtMost } = this.#options;
		const { state } = engine;
		for (; this.#seen < state.events.length && this.#scheduled < limit; this.#seen++) {
			const event = state.events.at(this.#seen);
			if (state.delivered.has(event.id)) continue;
			for (const ms of this.#options.faults.drawSendings()) this.#later(ms, event, 1);
		}
	}

	close(): void {
		this.#closed = true;
		for (const timer of this.#timers) clearTimeout(timer);
	}

	get #scheduled(): number {
		return this.#timers.size + this.#ready.length + this.#running;
	}

	#later(ms: number, event: ProviderEvent, attempt: number): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			this.#ready.push(() => this.#send(event, attempt));
			this.#work();
		}, ms);
		this.#timers.add(timer.unref());
	}

	#work(): void {
		while (this.#running < inFlightAtMost && !this.#closed) {
			const next = this.#ready.shift();
			if (!next) return;
			this.#running++;
			void next().finally(() => {
				this.#running--;
				this.#work();
				this.sendNew();
			});
		}
	}

	async #send(event: ProviderEvent, attempt: number): Promise<void> {
		const taken = await this.#post(event).catch(() => false);
		if (this.#closed) return;
		if (!taken)
			return this.#later(backoffMs(attempt, firstRetryMs, longestRetryMs), event, attempt + 1);
		await this.#options.engine.delivered(event.id).catch(() => undefined);
	}

	async #post(event: ProviderEvent): Promise<boolean> {
		const { url, secret, origin } = this.#options;
		const body = JSON.stringify(eventObject(event, origin()));
		const response = await fetch(url, {
			method: "POST",
			// Signed again each time: the shop refuses an old signature.
			headers: { "Content-Type": "application/json", "Stripe-Signature": sign(body, secret) },
			body,
			redirect: "error",
			signal: AbortSignal.timeout(answerWithinMs)
		});
		await response.arrayBuffer();
		return response.ok;
	}
}
