import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** Listens for a moment and returns the port. @throws the system's error when it cannot */
export async function listen(port: number, host: string): Promise<number> {
	const server = createServer().listen(port, host);
	await once(server, "listening");
	const taken = (server.address() as AddressInfo).port;
	server.close();
	await once(server, "close");
	return taken;
}

/**
 * A loopback TCP port that was free a moment ago, outside the range of ephemeral ports: an outgoing
 * connection could otherwise take it before the server starts, or while it restarts. A client that
 * retries a closed ephemeral port can even connect to itself.
 */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(20_000, 30_000);
		const taken = await listen(port, "127.0.0.1").catch(() => undefined);
		if (taken) return taken;
	}
}

/** Whether a process listens on this loopback port, or on the Unix socket of this path. */
export async function isListening(where: number | string): Promise<boolean> {
	const socket = typeof where === "number" ? connect(where, "127.0.0.1") : connect({ path: where });
	try {
		await once(socket, "connect");
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}
