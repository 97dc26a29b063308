import type { IncomingMessage } from "node:http";
import { strictObject, T, type Static, type TSchema } from "../../lib/schema.ts";
import { validate as faultsIn } from "../../lib/validator.ts";
import { bodyOf } from "./request-body.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import { FaultConfig } from "../ledger/faults.ts";
import type { Dispute, Refund } from "../ledger/charge.ts";
import * as dashboard from "./dashboard.ts";
import { reportOf } from "../ledger/ledger.ts";

/** Control endpoints of the simulator: fault settings, clock, ledger, and what is done at the dashboard. */

const Advance = strictObject({ advance_ms: T.Integer({ minimum: 0, maximum: 31 * 86_400_000 }) });

const prefix = "/_psp/";

export function isControl(path: string): boolean {
	return path.startsWith(prefix);
}

class Unreadable extends Error {}

async function readAs<S extends TSchema>(schema: S, req: IncomingMessage): Promise<Static<S>> {
	let value: unknown;
	try {
		value = JSON.parse(await bodyOf(req));
	} catch {
		throw new Unreadable("The body is not JSON");
	}
	const [found] = faultsIn(schema, value);
	if (found) throw new Unreadable(`${found.pointer} ${found.detail}`.trim());
	return value as Static<S>;
}

export async function serveControl(context: ApiContext, req: IncomingMessage): Promise<Reply> {
	try {
		return await serve(context, req);
	} catch (error) {
		if (!(error instanceof Unreadable)) throw error;
		return { status: 400, body: { message: error.message } };
	}
}

const known =
	"PUT faults or clock; GET faults, clock or ledger; POST or PUT refunds and disputes of a payment_id";

function changed(made: Refund | Dispute | undefined): Reply {
	return made
		? { status: 200, body: made }
		: { status: 404, body: { message: "There is no such charge, refund or dispute" } };
}

async function serve({ engine, faults }: ApiContext, req: IncomingMessage): Promise<Reply> {
	switch (`${req.method} ${req.url!.slice(prefix.length)}`) {
		case "PUT faults":
			faults.set(await readAs(FaultConfig, req));
			return { status: 200, body: faults.config };
		case "GET faults":
			return { status: 200, body: { dial: faults.config, drawn: faults.counts } };
		case "PUT clock":
			await engine.advance((await readAs(Advance, req)).advance_ms);
			return { status: 200, body: { now: engine.now() } };
		case "GET clock":
			return { status: 200, body: { now: engine.now() } };
		case "GET ledger":
			return { status: 200, body: reportOf(engine.state) };
		case "POST refunds":
			return changed(await dashboard.refund(engine, await readAs(dashboard.NewRefund, req)));
		case "PUT refunds":
			return changed(
				await dashboard.changeRefund(engine, await readAs(dashboard.ChangedRefund, req))
			);
		case "POST disputes":
			return changed(await dashboard.dispute(engine, await readAs(dashboard.NewDispute, req)));
		case "PUT disputes":
			return changed(
				await dashboard.decideDispute(engine, await readAs(dashboard.DecidedDispute, req))
			);
		default:
			return { status: 404, body: { message: known } };
	}
}
