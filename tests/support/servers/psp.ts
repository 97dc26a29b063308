import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LedgerState } from "../../../psp/ledger/book.ts";
import type { FaultConfig } from "../../../psp/ledger/faults.ts";
import { readLedger, type LedgerReport } from "../../../psp/ledger/ledger.ts";
import { PspServer } from "../../../psp/stripe-api/server.ts";
import { launch } from "./processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { until } from "../until.ts";

export const pspKeys = { secretKey: "sk_test_suite", webhookSecret: "whsec_suite" };

/** The provider's fault settings and its ledger. */
export interface Psp {
	readonly url: string;
	/** Replaces the fault settings; `{}` turns all faults off. */
	setFaults(setFaults: FaultConfig): Promise<void>;
	advance(ms: number): Promise<void>;
	/** From its file, whether it runs or not. */
	ledger(): Promise<LedgerReport>;
	/** Ids of the webhooks that the shop acknowledged, from the same file. */
	delivered(): Promise<Pick<ReadonlySet<string>, "has">>;
	remove(): Promise<void>;
}

/** `npm run psp` on a free port: a real process. */
export interface RunningPsp extends Psp {
	/** Sends SIGTERM and returns its exit code. */
	stop(): Promise<number | null>;
	kill9(): Promise<void>;
}

function controls(url: string, dataDir: string) {
	const file = join(dataDir, "psp-ledger.jsonl");
	const put = async (path: string, body: unknown) => {
		const request = { method: "PUT", body: JSON.stringify(body) };
		const response = await fetch(`${url}/_psp/${path}`, request);
		if (!response.ok) throw new Error(await response.text());
	};
	return {
		url,
		setFaults: (setFaults: FaultConfig) => put("faults", setFaults),
		advance: (advance_ms: number) => put("clock", { advance_ms }),
		ledger: () => readLedger(file),
		async delivered() {
			const book = new LedgerState();
			for (const line of (await readFile(file, "utf8")).split("\n")) book.read(line);
			return book.delivered;
		}
	};
}

/** The same over HTTP from within this process, for tests that kill nothing. */
export async function openPsp(webhookUrl?: string): Promise<Psp> {
	const dataDir = temporaryFolder();
	const ledger = join(dataDir, "psp-ledger.jsonl");
	const server = await PspServer.open({ port: 0, ledger, ...pspKeys, webhookUrl });
	return { ...controls(server.url, dataDir), remove: () => server.close() };
}

/** @param env as for `npm run psp`; without DATA_DIR it gets a new folder */
export async function startPsp(env: Record<string, string> = {}): Promise<RunningPsp> {
	const dataDir = env.DATA_DIR ?? temporaryFolder();
	const { child, output } = launch("psp.ts", [], {
		PSP_PORT: "0",
		STRIPE_SECRET_KEY: pspKeys.secretKey,
		STRIPE_WEBHOOK_SECRET: pspKeys.webhookSecret,
		...env,
		DATA_DIR: dataDir
	});
	const ended = () => child.exitCode !== null || child.signalCode !== null;
	await until(() => ended() || output().includes("start the shop with"), 30_000);
	const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0];
	if (!url) throw new Error(`psp.ts ended with ${child.exitCode}:\n${output()}`);
	const end = async (signal: NodeJS.Signals) => {
		const exit = ended() ? undefined : once(child, "exit");
		child.kill(signal);
		await exit;
		return child.exitCode;
	};
	return {
		...controls(url, dataDir),
		stop: () => end("SIGTERM"),
		kill9: async () => void (await end("SIGKILL")),
		remove: async () => void (await end("SIGTERM"))
	};
}
