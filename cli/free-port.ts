import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

async function listen(port: number, host: string): Promise<number> {
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

/** True when one could listen there now. @throws for any other reason than a taken port */
export async function isFree(port: number, host: string): Promise<boolean> {
	return listen(port, host).then(
		() => true,
		(error: NodeJS.ErrnoException) => {
			if (error.code === "EADDRINUSE") return false;
			throw error;
		}
	);
}
