import { join } from "node:path";
import { readLedger } from "../psp/ledger.ts";
import type { Proxy } from "./proxy.ts";

/** One movement of money, as the provider's own ledger has it. Minor units. */
export interface ProviderLine {
	kind: "charge" | "refund";
	order_id: string;
	amount: number;
	currency: string;
	succeeded: boolean;
	ref: string;
	at: string;
}

/** Who takes the money, seen from outside the shop. */
export interface Provider {
	/** What a payment node has to know of it. */
	environment(wire: Proxy | undefined): Record<string, string>;
	/** A node's own way to it, where it is a process of its own. */
	wire?(): Promise<Proxy>;
	/** From now on this share of its calls goes wrong. */
	setFaults(share: number): Promise<void>;
	/** Read from the ledger, not from the shop. */
	ledger(): Promise<ProviderLine[]>;
	stop(): Promise<void>;
}

/** The simulator that runs inside the payment nodes and keeps its ledger in a file they share. */
export async function startProvider(_root: string, folder: string): Promise<Provider> {
	return {
		environment: () => ({}),
		setFaults: async () => undefined,
		async ledger() {
			const { charges, refunds } = await readLedger(join(folder, "psp-ledger.jsonl"));
			const orderOf = new Map(charges.map(({ ref, order_id }) => [ref, order_id]));
			return [
				...charges.map(
					line => ({ ...line, kind: "charge", succeeded: line.status === "succeeded" }) as const
				),
				...refunds.map(
					line =>
						({
							...line,
							kind: "refund",
							order_id: orderOf.get(line.charge_ref)!,
							succeeded: true
						}) as const
				)
			];
		},
		stop: async () => undefined
	};
}
