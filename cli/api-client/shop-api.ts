import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { Config } from "../../config/index.ts";
import { TokenIssuer } from "../../services/user/token-issuer.ts";
import { DataFolder } from "../../launch/shop/data-folder.ts";
import { tokenKeys } from "../../launch/shop/token-keys.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import { operator } from "../../lib/identity.ts";

/** An unexpected response of a shop, as a sentence. */
export class UnexpectedResponse extends LaunchError {
	readonly status: number;

	constructor(what: string, status: number, body: unknown) {
		const { title = "", detail = "" } = (body ?? {}) as { title?: string; detail?: string };
		super(`${what} was answered ${status} ${title}${detail && `: ${detail}`}`.trim());
		this.status = status;
	}
}

/** Where a shop of this configuration listens. */
export function addressOf({ host, port }: Pick<Config, "host" | "port">): string {
	return `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
}

/** The REST API of a running shop, as one user. */
export class ShopApi {
	readonly url: string;
	readonly #token: () => Promise<string>;

	/**
	 * @param url without the path
	 * @param token requested before each request, so that a command may run longer than a token is valid
	 */
	constructor(url: string, token: () => Promise<string>) {
		this.url = url;
		this.#token = token;
	}

	/** @throws Unexpected for a response that is no success; LaunchError if no server responds */
	async send<R>(method: "GET" | "POST", path: string, body?: unknown): Promise<R> {
		const headers = { authorization: `Bearer ${await this.#token()}` };
		const target = `${this.url}/api/v1${path}`;
		const answer = await (method === "GET"
			? request(target, { headers })
			: post(target, body, headers));
		const read = (await answer.json().catch(() => undefined)) as R;
		if (!answer.ok) throw new UnexpectedResponse(`${method} ${path}`, answer.status, read);
		return read;
	}
}

/** @throws LaunchError if no server responds */
export function post(target: string, body: unknown, more: Record<string, string> = {}) {
	const headers = { "content-type": "application/json", "idempotency-key": randomUUID(), ...more };
	return request(target, { method: "POST", headers, body: JSON.stringify(body) });
}

async function request(target: string, options: RequestInit): Promise<Response> {
	try {
		return await fetch(target, options);
	} catch {
		throw new LaunchError(
			`No shop answers at ${new URL(target).origin}: start one with npm start.`
		);
	}
}

/**
 * A token for an operator, signed with the shop's own key.
 * @throws LaunchError when that key is not available
 */
export async function operatorToken({ dataDir, production, token }: Config): Promise<string> {
	const own = !token.privateKey && existsSync(dataDir) ? new DataFolder(dataDir).tokenKey : "";
	const isHere = token.privateKey ?? (own && existsSync(own));
	if (!isHere)
		throw new LaunchError(
			"The shop's key is not here: set DATA_DIR or TOKEN_PRIVATE_KEY as the shop has it, or give --token a file with an admin's access token.",
			exitCodes.configuration
		);
	const { privateKey } = tokenKeys({ production, token }, own);
	return (await TokenIssuer.fromPem(privateKey, token.ttlS)).sign(operator);
}
