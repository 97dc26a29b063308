import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** Listens for a moment and answers the port. @throws the system's error when one cannot */
export async function listen(port: number, host: string): Promise<number> {
	const server = createServer().listen(port, host);
	await once(server, "listening");
	const taken = (server.address() as AddressInfo).port;
	server.close();
	await once(server, "close");
	return taken;
}

/**
 * A TCP port on the loopback interface that nobody listened on a moment ago, from a range that no
 * system hands to outgoing connections: one of those could sit on it before the server does, or while
 * the server restarts. A client that tries a dead port of that range again and again in the end even
 * connects to itself.
 */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(20_000, 30_000);
		const taken = await listen(port, "127.0.0.1").catch(() => undefined);
		if (taken) return taken;
	}
}

/** Whether somebody listens on this loopback port. */
export async function isListening(port: number): Promise<boolean> {
	const socket = connect(port, "127.0.0.1");
	try {
		await once(socket, "connect");
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}
