import type { IncomingMessage } from "node:http";
import { strictObject, T, type TSchema } from "../../lib/schema.ts";
import { validate as faultsIn } from "../../lib/validator.ts";
import { bodyOf } from "./request-body.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import { FaultConfig } from "../ledger/faults.ts";
import { reportOf } from "../ledger/ledger.ts";

/** Control endpoints of the simulator: fault settings, clock, ledger. */

const Advance = strictObject({ advance_ms: T.Integer({ minimum: 0, maximum: 31 * 86_400_000 }) });

const prefix = "/_psp/";

export function isControl(path: string): boolean {
	return path.startsWith(prefix);
}

class Unreadable extends Error {}

async function readAs<R>(schema: TSchema, req: IncomingMessage): Promise<R> {
	let value: unknown;
	try {
		value = JSON.parse(await bodyOf(req));
	} catch {
		throw new Unreadable("The body is not JSON");
	}
	const [found] = faultsIn(schema, value);
	if (found) throw new Unreadable(`${found.pointer} ${found.detail}`.trim());
	return value as R;
}

export async function serveControl(context: ApiContext, req: IncomingMessage): Promise<Reply> {
	try {
		return await serve(context, req);
	} catch (error) {
		if (!(error instanceof Unreadable)) throw error;
		return { status: 400, body: { message: error.message } };
	}
}

async function serve({ engine, faults }: ApiContext, req: IncomingMessage): Promise<Reply> {
	switch (`${req.method} ${req.url!.slice(prefix.length)}`) {
		case "PUT faults":
			faults.set(await readAs<FaultConfig>(FaultConfig, req));
			return { status: 200, body: faults.config };
		case "GET faults":
			return { status: 200, body: { dial: faults.config, drawn: faults.counts } };
		case "PUT clock":
			await engine.advance((await readAs<{ advance_ms: number }>(Advance, req)).advance_ms);
			return { status: 200, body: { now: engine.now() } };
		case "GET clock":
			return { status: 200, body: { now: engine.now() } };
		case "GET ledger":
			return { status: 200, body: reportOf(engine.state) };
		default:
			return { status: 404, body: { message: "PUT faults or clock; GET faults, clock or ledger" } };
	}
}
