import { once } from "node:events";
import { lstatSync, rmSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { ServiceBroker } from "moleculer";
import type { Identity } from "../../lib/identity.ts";
import { isListening } from "../process/free-port.ts";
import { exitCodes, LaunchError } from "../process/launch-error.ts";

/** A call of an action by a command of the user who runs the shop. */
export interface OperatorCall {
	action: string;
	params: unknown;
	meta: { user?: Identity };
}

/** What crosses the socket of an error: as between nodes, classes do not. */
interface Refusal {
	name: string;
	message: string;
	code?: unknown;
	type?: unknown;
	data?: unknown;
}

/** Of `sun_path` in Linux, without the final NUL. */
const maxPathBytes = 107;

export const fitsSocket = (path: string) => Buffer.byteLength(path) <= maxPathBytes;

async function answer(broker: ServiceBroker, req: IncomingMessage, res: ServerResponse) {
	const send = (status: number, body: object) => {
		// Before the head, so that a result that is no JSON still gets an answer.
		const text = JSON.stringify(body);
		res.writeHead(status, { "Content-Type": "application/json" }).end(text);
	};
	try {
		const { action, params, meta } = (await json(req)) as OperatorCall;
		send(200, { result: await broker.call(action, params as object, { meta }) });
	} catch (error) {
		const { name, message, code, type, data } = error as Error & Refusal;
		send(500, { error: { name, message, code, type, data } satisfies Refusal });
	}
}

/** Removes the socket of a shop that was killed. @throws LaunchError for a file, or a socket that a process serves */
async function removeStale(path: string): Promise<void> {
	const found = lstatSync(path, { throwIfNoEntry: false });
	if (!found) return;
	if (!found.isSocket())
		throw new LaunchError(`${path} is no socket: it stays as it is.`, exitCodes.configuration);
	if (await isListening(path))
		throw new LaunchError(
			`A process serves the socket ${path}: choose another path.`,
			exitCodes.configuration
		);
	rmSync(path, { force: true });
}

/**
 * Serves calls of actions on a Unix socket, which only the user who runs the shop can open: they can read its keys and its
 * database too. `npm run repl` joins a shop without a bus by it. Returns what closes it.
 * @throws LaunchError when the path cannot be used
 */
export async function openOperatorSocket(
	broker: ServiceBroker,
	path: string
): Promise<() => Promise<void>> {
	const server = createServer((req, res) => void answer(broker, req, res));
	await removeStale(path);
	// The system makes the file while `listen` is called, with the rights of the mask.
	const mask = process.umask(0o177);
	try {
		server.listen(path);
	} finally {
		process.umask(mask);
	}
	await once(server, "listening").catch(({ message }: Error) => {
		throw new LaunchError(`There is no socket at ${path}: ${message}`, exitCodes.configuration);
	});
	return async () => {
		server.close();
		server.closeAllConnections();
		await once(server, "close");
	};
}

/** No shop serves the socket, or it ended before it answered. */
export class NoAnswer extends Error {}

interface Answer {
	result?: unknown;
	error?: Refusal;
}

async function ask(path: string, call: OperatorCall): Promise<Answer> {
	const req = request({ socketPath: path, method: "POST", path: "/" });
	req.end(JSON.stringify(call));
	const [res] = (await once(req, "response")) as [IncomingMessage];
	return (await json(res)) as Answer;
}

/** Calls an action of the shop behind the socket. @throws its error, or NoAnswer */
export async function callOverSocket(path: string, call: OperatorCall): Promise<unknown> {
	const { result, error } = await ask(path, call).catch((cause: Error) => {
		throw new NoAnswer(`No shop answers at ${path}: ${cause.message}`, { cause });
	});
	if (error) throw Object.assign(new Error(error.message), error);
	return result;
}
