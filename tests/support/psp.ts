import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Dial } from "../../psp/faults.ts";
import { readLedger, type LedgerReport } from "../../psp/ledger.ts";
import { launch, temporaryFolder } from "./processes.ts";
import { until } from "./until.ts";

export const pspKeys = { secretKey: "sk_test_suite", webhookSecret: "whsec_suite" };

/** `npm run psp` on a free port: a real process with a data folder of its own. */
export interface RunningPsp {
	readonly url: string;
	readonly dataDir: string;
	/** Replaces the fault dial; nothing goes wrong by itself with `{}`. */
	dial(dial: Dial): Promise<void>;
	advance(ms: number): Promise<void>;
	/** From its file, whether it runs or not. */
	ledger(): Promise<LedgerReport>;
	/** Asks it to end and answers its exit code. */
	stop(): Promise<number | null>;
	kill9(): Promise<void>;
	/** Stops it and deletes its folder, unless the caller named it. */
	remove(): Promise<void>;
}

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
	const signal = async (name: NodeJS.Signals) => {
		const exit = once(child, "exit");
		if (!ended()) child.kill(name);
		if (!ended()) await exit;
		return child.exitCode;
	};
	const put = async (path: string, body: unknown) => {
		const response = await fetch(`${url}/_psp/${path}`, {
			method: "PUT",
			body: JSON.stringify(body)
		});
		if (!response.ok) throw new Error(await response.text());
	};
	return {
		url,
		dataDir,
		dial: dial => put("faults", dial),
		advance: advance_ms => put("clock", { advance_ms }),
		ledger: () => readLedger(join(dataDir, "psp-ledger.jsonl")),
		stop: () => signal("SIGTERM"),
		kill9: async () => void (await signal("SIGKILL")),
		async remove() {
			await signal("SIGTERM");
			if (!env.DATA_DIR) rmSync(dataDir, { recursive: true, force: true });
		}
	};
}
