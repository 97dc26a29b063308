import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { BatchResponse } from "../../../lambda/sources/source-batch.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";

/** What AWS Lambda does for a function, in a process of its own: it imports the handler and calls it, one event at a time. */
const runtime = `
	import { handler } from "./index.mjs";
	process.on("message", async ({ event, remainingMs }) => {
		const endMs = performance.now() + remainingMs;
		const context = { getRemainingTimeInMillis: () => endMs - performance.now() };
		try {
			process.send({ response: await handler(event, context) });
		} catch (error) {
			process.send({ error: String(error?.message ?? error) });
		}
	});
	process.send({ ready: true });`;

export interface FunctionProcess {
	/** @throws Error with the words of the handler's */
	invoke(event: unknown, remainingMs?: number): Promise<BatchResponse>;
	/** Everything that it logged. */
	output(): string;
	stop(): Promise<void>;
}

type Answer = { response: BatchResponse } | { error: string };

/** Starts the function of a zip file as it is deployed, with this environment and nothing else. */
export async function startFunction(
	zip: Uint8Array,
	env: Record<string, string>
): Promise<FunctionProcess> {
	const folder = temporaryFolder();
	for (const [name, content] of Object.entries(unzipSync(zip)))
		writeFileSync(join(folder, name), content);
	const main = join(folder, "runtime.mjs");
	writeFileSync(main, runtime);
	const child: ChildProcess = fork(main, [], { env, silent: true, execArgv: [] });
	let output = "";
	for (const stream of [child.stdout!, child.stderr!])
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	const ended = once(child, "exit").then(() => {
		throw new Error(`the function ended:\n${output}`);
	});
	ended.catch(() => undefined);
	const answer = async () => {
		const listening = new AbortController();
		const answered = once(child, "message", { signal: listening.signal });
		answered.catch(() => undefined);
		const [message] = (await Promise.race([answered, ended]).finally(() => listening.abort())) as [
			unknown
		];
		return message;
	};
	await answer();
	return {
		async invoke(event, remainingMs = 120_000) {
			const answered = answer();
			child.send({ event, remainingMs } as object);
			const found = (await answered) as Answer;
			if ("error" in found) throw new Error(found.error);
			return found.response;
		},
		output: () => output,
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const exit = once(child, "exit");
			child.kill("SIGKILL");
			await exit;
		}
	};
}
