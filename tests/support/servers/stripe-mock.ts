import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../../launch/process/free-port.ts";
import { stripeMockProgram } from "../../../cli/test/requirements.ts";
import { quickGoBuild } from "../go-build.ts";
import { until } from "../until.ts";

const execute = promisify(execFile);
const wanted = "github.com/stripe/stripe-mock@v0.203.0";
const cache = dirname(stripeMockProgram);

/** Of its own: a first build takes about half a minute on two cores. */
export const buildWithinMs = 300_000;

/**
 * The path of a stripe-mock: the one in the cache, else one that Go builds for the cache.
 * @throws Error that says what is missing
 */
async function stripeMockBinary(): Promise<string> {
	const target = stripeMockProgram;
	if (existsSync(target)) return target;
	const folder = join(cache, `build-${process.pid}`);
	mkdirSync(folder, { recursive: true });
	try {
		await execute("go", ["install", wanted], {
			env: { ...process.env, ...quickGoBuild, GOBIN: folder },
			timeout: buildWithinMs
		});
		renameSync(join(folder, "stripe-mock"), target);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	return target;
}

export interface StripeMock {
	readonly url: string;
	/** Each request so far with the response status, e.g. `POST /v1/refunds 200`. */
	requests(): string[];
	stop(): Promise<void>;
}

/** Stripe's own stateless server, which checks every request against Stripe's API description. */
export async function startStripeMock(): Promise<StripeMock> {
	const binary = await stripeMockBinary();
	const port = await freePort();
	const tls = await freePort();
	const args = ["-http-addr", `127.0.0.1:${port}`, "-https-addr", `127.0.0.1:${tls}`];
	const child = spawn(binary, args);
	const exit = once(child, "exit");
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	await until(() => output.includes("Listening for HTTP ") || child.exitCode !== null, 30_000);
	if (child.exitCode !== null) throw new Error(`stripe-mock ended:\n${output}`);
	return {
		url: `http://127.0.0.1:${port}`,
		requests() {
			const made = [...output.matchAll(/Request: (\w+ \S+)[^]*?Response: .*status=(\d+)/g)];
			return made.map(([, request, status]) => `${request} ${status}`);
		},
		async stop() {
			child.kill();
			await exit;
		}
	};
}
