import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** Listens for a moment and answers the port. @throws the system's error when one cannot */
export async function listen(port: number, host: string): Promise<number> {
	const server = createServer().listen(port, host);
	await once(server, "listening");
	const taken = (server.address() as AddressInfo).port;
	server.close();
	await once(server, "close");
	return taken;
}

/** A TCP port on the loopback interface that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
	return listen(0, "127.0.0.1");
}
