import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { bodyOf, BodyTooLarge } from "./request-body.ts";
import type { Call } from "./call.ts";
import type { ApiContext } from "./context.ts";
import type { Reply } from "./reply.ts";
import { canonical, readForm } from "./form.ts";
import { refuseWith } from "./idempotency-keys.ts";
import { findRoute } from "./endpoints.ts";
import { noKey, Refusal, wrong } from "./stripe-errors.ts";

const longestKey = 255;

/** Serves Stripe's API: reads the request, finds the operation, maps errors. */
export class Api {
	readonly #context: ApiContext;
	readonly #secretKey: string;

	constructor(context: ApiContext, secretKey: string) {
		this.#context = context;
		this.#secretKey = secretKey;
	}

	/** @throws Dropped when the connection is to end without a response */
	async serve(req: IncomingMessage): Promise<Reply> {
		const requestId = `req_${randomBytes(7).toString("hex")}`;
		const reply = await this.#reply(req, requestId).catch(refusedReply);
		return { ...reply, headers: { "Request-Id": requestId, ...reply.headers } };
	}

	async #reply(req: IncomingMessage, requestId: string): Promise<Reply> {
		const body = await bodyOf(req);
		if (!this.#isAuthorised(req.headers.authorization)) throw noKey();
		const { pathname: path, search } = new URL(req.url!, "http://psp");
		const method = req.method!;
		const found = findRoute(method, path);
		if (!found) throw unknownUrl(method, path);
		const fault = this.#context.faults.draw(found.route.kind);
		if (fault.refuse) refuseWith(fault.refuse);
		const form = readForm(method === "POST" ? body : search);
		const reply = await this.#run(found, {
			method,
			path,
			id: found.id,
			form,
			idempotencyKey: method === "POST" ? keyOf(req) : null,
			fingerprint: createHash("sha256")
				.update(`${method} ${path} ${canonical(form)}`)
				.digest("base64url"),
			requestId,
			fault
		});
		return fault.after === "drop" ? { ...reply, lost: true } : reply;
	}

	async #run({ route }: NonNullable<ReturnType<typeof findRoute>>, call: Call): Promise<Reply> {
		if (route.kind === "read" && call.fault.hangMs) await delay(call.fault.hangMs);
		return route.run(this.#context, call);
	}

	#isAuthorised(header = ""): boolean {
		const [scheme, token = ""] = header.split(" ");
		const user =
			scheme === "Basic" ? Buffer.from(token, "base64").toString().split(":")[0]! : token;
		const [given, right] = [user, this.#secretKey].map(text =>
			createHash("sha256").update(text).digest()
		);
		return timingSafeEqual(given!, right!);
	}
}

function keyOf(req: IncomingMessage): string | null {
	const key = req.headers["idempotency-key"];
	if (key === undefined) return null;
	if (typeof key !== "string" || key.length === 0 || key.length > longestKey)
		throw wrong("idempotency_key", "Idempotency keys have from 1 to 255 characters.");
	return key;
}

function unknownUrl(method: string, path: string): Refusal {
	const message = `Unrecognized request URL (${method}: ${path}).`;
	return new Refusal(404, { type: "invalid_request_error", message });
}

function refusedReply(error: unknown): Reply {
	if (error instanceof Refusal)
		return { status: error.status, body: { error: error.error }, headers: error.headers };
	if (error instanceof BodyTooLarge)
		return refusedReply(
			new Refusal(413, { type: "invalid_request_error", message: "The body is too large." })
		);
	throw error;
}
