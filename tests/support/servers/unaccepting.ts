import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const program = `const server = require("node:net").createServer();
server.on("connection", socket => socket.on("data", () => console.log("data")));
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));`;

export interface UnacceptingServer {
	readonly port: number;
	/** Packets that arrived, since it accepts connections. */
	received(): number;
	/** It accepts connections from now on. */
	resume(): void;
	stop(): Promise<void>;
}

/**
 * A server to which no connection can be made and which refuses none, as a host without power: a stopped process
 * whose backlog is full, so that the kernel drops each SYN.
 */
export async function startUnaccepting(): Promise<UnacceptingServer> {
	const child = spawn(process.execPath, ["-e", program]);
	const lines = createInterface(child.stdout);
	const [line] = await once(lines, "line");
	const port = Number(line);
	let received = 0;
	lines.on("line", () => received++);
	child.kill("SIGSTOP");
	const fillers = Array.from({ length: 4 }, () =>
		connect(port, "127.0.0.1").on("error", () => undefined)
	);
	await once(fillers[0]!, "connect");
	return {
		port,
		received: () => received,
		resume: () => void child.kill("SIGCONT"),
		async stop() {
			for (const socket of fillers) socket.destroy();
			child.kill("SIGKILL");
			await once(child, "exit");
		}
	};
}
