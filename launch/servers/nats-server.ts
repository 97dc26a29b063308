import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { openSync, closeSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isListening, freePort } from "../process/free-port.ts";
import { LaunchError } from "../process/launch-error.ts";
import { natsBinary } from "./nats-binary.ts";
import { stopOrphans } from "../process/orphans.ts";

export interface NatsOptions {
	/** Absolute; holds the server's configuration and log. */
	directory: string;
	/** Generated unless given; a restarted server with the same one keeps its clients. */
	password?: string;
	progress(step: string): void;
	onCrash(reason: string): void;
}

export interface NatsServer {
	/** With user and password. */
	url: string;
	pid: number;
	stop(): Promise<void>;
	/** SIGKILL, as a crash would. */
	crash(): Promise<void>;
}

/** Starts a nats-server on a free loopback port with its own password. @throws LaunchError */
export async function startNats({
	directory,
	password = randomBytes(18).toString("base64url"),
	progress,
	onCrash
}: NatsOptions): Promise<NatsServer> {
	const binary = await natsBinary(progress);
	const file = join(directory, "nats.conf");
	const log = join(directory, "nats.log");
	await stopOrphans(file, "SIGTERM");
	const port = await freePort();
	// In a file, because everyone on this machine may read command lines.
	writeFileSync(
		file,
		`listen: "127.0.0.1:${port}"\nauthorization { user: shop, password: "${password}" }\n`,
		{ mode: 0o600 }
	);
	const out = openSync(log, "w", 0o600);
	const child = spawn(binary, ["-c", file], { detached: true, stdio: ["ignore", out, out] });
	closeSync(out);
	const atExit = () => child.kill();
	process.once("exit", atExit);
	const exit = once(child, "exit");
	let ended = false;
	void exit.then(() => (ended = true));
	while (!ended && !(await isListening(port))) await sleep(20);
	if (ended)
		throw new LaunchError(`nats-server did not start; its log:\n${readFileSync(log, "utf8")}`);
	const crashed = () => onCrash(`nats-server crashed; its log is ${log}`);
	child.once("exit", crashed);
	const end = async (signal: NodeJS.Signals) => {
		child.off("exit", crashed);
		child.kill(signal);
		await exit;
		process.off("exit", atExit);
	};
	return {
		url: `nats://shop:${password}@127.0.0.1:${port}`,
		pid: child.pid!,
		stop: () => end("SIGTERM"),
		crash: () => end("SIGKILL")
	};
}
