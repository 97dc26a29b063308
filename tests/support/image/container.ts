import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { processesOf } from "../servers/processes.ts";
import { buildah } from "./buildah.ts";

/** What a runtime makes of `docker run --read-only --tmpfs /tmp --user 10001`: its own file system and process 1. */
const enter = `set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,ro,bind "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs tmpfs "$ROOT/tmp"
exec chroot --userspec=10001:10001 "$ROOT" /usr/bin/env -i -C /app "$@"`;

export interface Container {
	/** Its process, outside of which it is number 1. */
	readonly child: ChildProcess;
	output(): string;
	/** Sends SIGTERM to process 1 and returns its exit code. */
	stop(): Promise<number | null>;
	/** Resolves with its exit code. */
	readonly ended: Promise<number | null>;
}

/** The file system of a new container of the image. */
export async function rootOf(image: string): Promise<string> {
	return buildah("mount", await buildah("from", image));
}

/** The environment that the image has. */
export async function environmentOf(image: string): Promise<Record<string, string>> {
	const { OCIv1 } = JSON.parse(await buildah("inspect", "--type", "image", image)) as {
		OCIv1: { config: { Env: string[] } };
	};
	return Object.fromEntries(OCIv1.config.Env.map(line => line.split(/=(.*)/s, 2)));
}

/** Runs a command of cli/ in a container whose host has the network of this one. */
export function runContainer(
	root: string,
	args: readonly string[],
	environment: Readonly<Record<string, string>>
): Container {
	const marker = `CONTAINER=${crypto.randomUUID()}`;
	const given = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
	const child = spawn(
		"unshare",
		["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", enter, "sh"].concat([
			...given,
			marker,
			"node",
			...args
		]),
		{ env: { PATH: process.env.PATH, ROOT: root } }
	);
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	const ended = once(child, "close").then(([code]) => code as number | null);
	return {
		child,
		output: () => output,
		ended,
		async stop() {
			for (const { pid, command } of processesOf(marker))
				if (command.startsWith("node ")) process.kill(pid, "SIGTERM");
			return ended;
		}
	};
}
