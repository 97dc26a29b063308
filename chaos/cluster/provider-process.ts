import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../launch/process/free-port.ts";
import { SupervisedProcess } from "../../launch/process/supervisor.ts";
import { type FaultConfig } from "../../psp/ledger/faults.ts";
import { readLedger } from "../../psp/ledger/ledger.ts";
import type { Money } from "../../lib/money.ts";
import { fromStripe, toStripe } from "../../services/payment/provider/amount-mapping.ts";
import { Proxy } from "./proxy.ts";

/** A charge or refund in the provider's ledger, in the shop's minor units. */
export interface ProviderLine {
	kind: "charge" | "refund";
	order_id: string;
	amount: number;
	currency: string;
	/** False for a charge that was declined, and for a refund that came back. */
	succeeded: boolean;
	ref: string;
	at: string;
}

/** A dispute in the provider's ledger. */
export interface ProviderDispute {
	order_id: string;
	status: "open" | "won" | "lost";
}

/** Faults of calls; declines depend on the customers' payment methods. */
const callFaults: FaultConfig["kinds"] = {
	hang_ms: 3000,
	drop_before: true,
	drop_after_commit: true,
	error_after_commit: true,
	rate_limit: true,
	unavailable: true
};
/** Late: after the order has settled. */
const webhookFaults: FaultConfig["webhooks"] = {
	kinds: ["duplicate", "late", "reorder"],
	late_ms: 5000
};

/** Number of webhooks, and how often the shop acknowledged one. */
export interface MessageCounts {
	happened: number;
	answered: number;
}

/** The payment provider as a separate process, which the shop reaches through Stripe's SDK. */
export class Provider {
	readonly #process: SupervisedProcess;
	readonly #url: string;
	readonly #keys: Record<string, string>;
	readonly #environment: Record<string, string>;
	readonly #ledger: string;
	#faultConfig: FaultConfig = {};
	#downMs = 0;

	private constructor(root: string, folder: string, port: number) {
		const random = () => randomBytes(18).toString("hex");
		this.#keys = {
			STRIPE_SECRET_KEY: `sk_test_${random()}`,
			STRIPE_WEBHOOK_SECRET: `whsec_${random()}`
		};
		this.#url = `http://127.0.0.1:${port}`;
		const directory = join(folder, "psp");
		mkdirSync(directory, { recursive: true });
		this.#ledger = join(directory, "psp-ledger.jsonl");
		const { PATH = "", HOME = "" } = process.env;
		this.#environment = { PATH, HOME, ...this.#keys, PSP_PORT: String(port), DATA_DIR: directory };
		this.#process = new SupervisedProcess("psp", this.#environment, {
			script: join(root, "cli/psp.ts"),
			printLine: line => appendFileSync(join(folder, "log/psp.log"), `${line}\n`),
			restartAfterMs: () => this.#downMs,
			// A process that was restarted has lost its fault settings.
			onReady: () => void this.#applyFaultConfig().catch(() => undefined)
		});
	}

	/** Its address is known before it runs. */
	static async open(root: string, folder: string): Promise<Provider> {
		return new Provider(root, folder, await freePort());
	}

	/** @param shop where webhooks go: to one gateway, whether it runs or not. @throws LaunchError */
	start(shop: string): Promise<void> {
		this.#environment.PSP_WEBHOOK_URL = `${shop}/api/v1/payments/webhook`;
		return this.#process.start();
	}

	get ready(): boolean {
		return this.#process.ready;
	}

	/** A proxy to it, for one node. */
	wire(): Promise<Proxy> {
		return Proxy.open(this.#url);
	}

	/** Environment variables of a payment node. */
	environment(wire: Proxy): Record<string, string> {
		return { ...this.#keys, PAYMENT_PROVIDER: "stripe", STRIPE_API_URL: wire.url };
	}

	/** From now on this share of its calls and webhooks fails, drawn from the seed. */
	async setFaults(rate: number, seed = 0): Promise<void> {
		const webhooks = { ...webhookFaults, rate };
		this.#faultConfig = rate > 0 ? { rate, seed, kinds: callFaults, webhooks } : {};
		await this.#applyFaultConfig();
	}

	/** SIGKILL; restarted after so many ms. */
	kill(downMs: number): void {
		this.#downMs = downMs;
		this.#process.signal("SIGKILL");
	}

	/** Faults drawn since it was started, by kind. */
	async faults(): Promise<Record<string, number>> {
		const response = await fetch(`${this.#url}/_psp/faults`);
		return ((await response.json()) as { drawn: Record<string, number> }).drawn;
	}

	/** What staff do at its dashboard; nothing if there is no such charge, or the process is down. */
	async refund(payment_id: string, money: Money): Promise<void> {
		const body = JSON.stringify({ payment_id, amount: toStripe(money) });
		await fetch(`${this.#url}/_psp/refunds`, { method: "POST", body }).catch(() => undefined);
	}

	/** Read from its file, not from the shop or the process. */
	async ledger(): Promise<ProviderLine[]> {
		const { charges, refunds } = await readLedger(this.#ledger);
		const orderOf = new Map(charges.map(({ ref, order_id }) => [ref, order_id]));
		return [
			...charges.map(({ order_id, amount, currency, status, ref, at }) => {
				const succeeded = status === "succeeded";
				const money = fromStripe(amount, currency);
				return { kind: "charge", order_id, ...money, succeeded, ref, at } as const;
			}),
			...refunds.map(({ charge_ref, amount, currency, ref, status, at }) => {
				const order_id = orderOf.get(charge_ref)!;
				const succeeded = status !== "failed";
				const money = fromStripe(amount, currency);
				return { kind: "refund", order_id, ...money, succeeded, ref, at } as const;
			})
		];
	}

	async disputes(): Promise<ProviderDispute[]> {
		const { charges, disputes } = await readLedger(this.#ledger);
		const orderOf = new Map(charges.map(({ ref, order_id }) => [ref, order_id]));
		return disputes.map(({ charge_ref, status }) => ({
			order_id: orderOf.get(charge_ref)!,
			status
		}));
	}

	async messages(): Promise<MessageCounts> {
		return (await readLedger(this.#ledger)).messages;
	}

	stop(): Promise<void> {
		return this.#process.stop();
	}

	async #applyFaultConfig(): Promise<void> {
		await fetch(`${this.#url}/_psp/faults`, {
			method: "PUT",
			body: JSON.stringify(this.#faultConfig)
		});
	}
}
