import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { Config } from "../../config/index.ts";
import { TokenIssuer } from "../../services/user/token-issuer.ts";
import { DataFolder } from "../../launch/shop/data-folder.ts";
import { tokenKeys } from "../../launch/shop/token-keys.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import { retry, type RetryOptions } from "../../lib/retry.ts";
import { operator } from "../../lib/identity.ts";
import { type Answer, readAnswer, UnexpectedResponse } from "./answer.ts";

/** Nothing was done, or it is unknown what was: the same request gets its answer later. */
const isUndecided = ({ status, code }: UnexpectedResponse) =>
	status === 503 || status === 504 || code === "idempotency-key-in-use";

const whileUndecided: RetryOptions = {
	// Retry-After of the shop.
	pauseMs: () => 1000,
	withinMs: 30_000,
	isRetryable: error => error instanceof UnexpectedResponse && isUndecided(error)
};

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

	/**
	 * Queries, and commands that have one effect per idempotency key, are sent again for half a minute while the shop
	 * answers that it is unavailable, that it does not know the outcome, or that the first one still runs.
	 * @throws UnexpectedResponse for a response that is no success; LaunchError if no shop responds
	 */
	send<R>(
		method: "GET" | "POST",
		path: string,
		body?: unknown,
		{ isKeyed = false } = {}
	): Promise<R> {
		const key = randomUUID();
		const once = () => this.#once<R>(method, path, body, key);
		return method === "GET" || isKeyed ? retry(once, whileUndecided) : once();
	}

	async #once<R>(method: "GET" | "POST", path: string, body: unknown, key: string): Promise<R> {
		const headers = { authorization: `Bearer ${await this.#token()}` };
		const target = `${this.url}/api/v1${path}`;
		const answer = await (method === "GET"
			? request(target, { headers })
			: post(target, body, { ...headers, "idempotency-key": key }));
		const { status, body: read } = await readAnswer(answer);
		if (!answer.ok) throw new UnexpectedResponse(`${method} ${path}`, status, read);
		return read as R;
	}
}

/** @throws LaunchError if no server responds */
function post(target: string, body: unknown, more: Record<string, string> = {}) {
	const headers = { "content-type": "application/json", "idempotency-key": randomUUID(), ...more };
	return request(target, { method: "POST", headers, body: JSON.stringify(body) });
}

/** A request that may be repeated, such as a sign-in: sent again for half a minute while the shop is unavailable. */
export async function postUntilDecided(target: string, body: unknown): Promise<Answer> {
	let latest: Answer | undefined;
	const once = async () => {
		latest = await readAnswer(await post(target, body));
		const failure = new UnexpectedResponse(`POST ${target}`, latest.status, undefined);
		if (isUndecided(failure)) throw failure;
	};
	await retry(once, whileUndecided).catch(error => {
		if (!(error instanceof UnexpectedResponse)) throw error;
	});
	return latest!;
}

async function request(target: string, options: RequestInit): Promise<Response> {
	try {
		return await fetch(target, options);
	} catch (error) {
		const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
		const why = code === undefined || code === "ECONNREFUSED" ? "" : ` (${code})`;
		throw new LaunchError(
			`No shop answers at ${new URL(target).origin}${why}: start one with npm start.`
		);
	}
}

/** Most that the clock of this machine may be behind the shop's, which compares tokens with its database's. */
const maxClockSkewS = 15 * 60;

/** For one request. */
const requestS = 60;

/**
 * A token for an operator, signed with the shop's own key, for one request: on a machine whose clock is behind it is valid
 * for a minute at least, and on the shop's own clock for a quarter of an hour more.
 * @throws LaunchError when that key is not available
 */
export async function operatorToken({
	dataDir,
	production,
	token
}: Pick<Config, "dataDir" | "production" | "token">): Promise<string> {
	const own = !token.privateKey && existsSync(dataDir) ? new DataFolder(dataDir).tokenKey : "";
	const isHere = token.privateKey ?? (own && existsSync(own));
	if (!isHere)
		throw new LaunchError(
			"The shop's key is not here: set DATA_DIR or TOKEN_PRIVATE_KEY as the shop has it, or give --token a file with an admin's access token.",
			exitCodes.configuration
		);
	const { privateKey } = tokenKeys({ production, token }, () => own);
	const issuer = await TokenIssuer.fromPem(privateKey, requestS + maxClockSkewS);
	return issuer.sign(operator, new Date());
}
