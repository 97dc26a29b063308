import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isListening, freePort } from "../process/free-port.ts";
import { LaunchError } from "../process/launch-error.ts";
import { natsBinary } from "./nats-binary.ts";
import { stopOrphans } from "../process/orphans.ts";
import { ServerProcess } from "../process/server-process.ts";

export interface NatsOptions {
	/** Absolute; holds the server's configuration and log. */
	directory: string;
	/** Generated unless given; a restarted server with the same one keeps its clients. */
	password?: string;
	/** More of its configuration, such as users of their own in place of `shop`, and variables that this refers to. */
	configuration?: { text: string; environment: Readonly<Record<string, string>> };
	progress(step: string): void;
	onCrash(reason: string): void;
}

export interface NatsServer {
	/** With user and password, unless the configuration has its own users. */
	url: string;
	/** Path of its log. */
	log: string;
	stop(): Promise<void>;
	/** SIGKILL, as a crash would. */
	crash(): Promise<void>;
	/** SIGSTOP: it does not respond, and its connections stay open. */
	pause(): void;
	resume(): void;
}

const natsConfig = (directory: string) => join(directory, "nats.conf");

/** Ends the nats-server of an earlier launcher in this folder that was killed. */
export const stopOrphanedNats = (directory: string): Promise<boolean> =>
	stopOrphans({ program: "nats-server", argument: natsConfig(directory) }, "SIGTERM");

/** Starts a nats-server on a free loopback port with its own password. @throws LaunchError */
export async function startNats({
	directory,
	password = randomBytes(18).toString("base64url"),
	configuration,
	progress,
	onCrash
}: NatsOptions): Promise<NatsServer> {
	const binary = await natsBinary(progress);
	const file = natsConfig(directory);
	const log = join(directory, "nats.log");
	await stopOrphanedNats(directory);
	const port = await freePort();
	// In a file, because everyone on this machine may read command lines.
	writeFileSync(
		file,
		`listen: "127.0.0.1:${port}"\n${configuration?.text ?? `authorization { user: shop, password: "${password}" }`}\n`,
		{ mode: 0o600 }
	);
	const server = await ServerProcess.start({
		spawn: options => {
			const env = { ...process.env, ...configuration?.environment };
			return spawn(binary, ["-c", file], { ...options, env });
		},
		log,
		isReady: () => isListening(port),
		onCrash: () => onCrash(`nats-server crashed; its log is ${log}`),
		signals: { stop: "SIGTERM", crash: "SIGKILL" },
		slowestStopMs: 10_000
	});
	if (!server)
		throw new LaunchError(`nats-server did not start; its log:\n${readFileSync(log, "utf8")}`);
	return {
		url: configuration ? `nats://127.0.0.1:${port}` : `nats://shop:${password}@127.0.0.1:${port}`,
		log,
		stop: () => server.stop(),
		crash: () => server.crash(),
		pause: () => server.pause(),
		resume: () => server.resume()
	};
}
