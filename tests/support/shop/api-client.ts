import { randomUUID } from "node:crypto";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formatsPlugin from "ajv-formats";
import { openApiDocument } from "../../../services/gateway/api-docs/openapi.ts";

/** An HTTP client that checks every response against the API description. */

type Json = Record<string, unknown>;
interface Described {
	responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}
const api = openApiDocument() as { paths: Record<string, Record<string, Described>> } & Json;

const ajv = new Ajv2020({ strict: false, allErrors: true });
(formatsPlugin as unknown as typeof formatsPlugin.default)(ajv);
for (const format of ["currency", "country", "idn-email"]) ajv.addFormat(format, true);
ajv.addSchema({ ...api, $id: "api" });

const templates = Object.keys(api.paths)
	.sort((a, b) => a.split("{").length - b.split("{").length)
	.map(path => ({ path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`) }));

/** What no response may contain: stacks, SQL, nodes, files. */
const leaks =
	/node_modules|\n\s+at |\.ts:\d|\bselect\b.+\bfrom\b|insert into|constraint|relation \\?"|sqlstate|nodeID|(shop|gateway|user|product|order|payment|notification|analytics)\.[\w-]+-\d+-[0-9a-f]{6}/i;

export interface Answer<B = Json> {
	status: number;
	headers: Headers;
	text: string;
	/** Parsed, when it is JSON. */
	body: B;
}

export interface Options {
	body?: unknown;
	/** Sent unchanged, in place of `body`. */
	raw?: string | Uint8Array;
	headers?: Record<string, string>;
	/** Generated unless given; `null` sends none. */
	key?: string | null;
}

function validator(reference: string): ValidateFunction {
	return ajv.getSchema(`api${reference}`) ?? ajv.compile({ $ref: `api${reference}` });
}

const escape = (part: string) =>
	encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

/** The schema of this response in the description; undefined for a response without a body. */
function schemaReference(method: string, path: string, answer: Answer): string | undefined {
	const problem = "#/components/schemas/Problem";
	const template = templates.find(({ pattern }) => pattern.test(path))?.path;
	if (answer.status === 405 || (!template && answer.status === 404)) return problem;
	const verb = method === "HEAD" ? "get" : method.toLowerCase();
	const operation = template ? api.paths[template]?.[verb] : undefined;
	const response = operation?.responses[answer.status];
	if (!response) {
		const code = answer.status === 400 || answer.status === 404 ? problem : undefined;
		if (code && !template) return code;
		throw new Error(`${method} ${path} → ${answer.status} is not described: ${answer.text}`);
	}
	if (answer.text === "") return undefined;
	const sent = answer.headers.get("content-type")!;
	const described = Object.keys(response.content ?? {});
	const type = described.find(name => sent === name || sent.split(";")[0] === name);
	if (!type) throw new Error(`${method} ${path} → ${sent}, described is ${described.join()}`);
	if (!type.includes("json")) return undefined;
	const steps = ["paths", template!, verb, "responses", String(answer.status), "content", type];
	return `#/${steps.map(escape).join("/")}/schema`;
}

function check(method: string, path: string, answer: Answer): void {
	const where = `${method} ${path} → ${answer.status}`;
	const reference = schemaReference(method, path, answer);
	if (reference && method !== "HEAD") {
		const validate = validator(reference);
		if (!validate(answer.body))
			throw new Error(`${where}: ${ajv.errorsText(validate.errors)}\n${answer.text}`);
	}
	const { headers } = answer;
	if (!/^[0-9a-f-]{36}$/.test(headers.get("x-request-id") ?? ""))
		throw new Error(`${where}: no id`);
	if (headers.get("x-content-type-options") !== "nosniff") throw new Error(`${where}: sniffable`);
	if (answer.status < 400) return;
	const type = headers.get("content-type") ?? "";
	const isProblem = type.startsWith("application/problem+json");
	if (isProblem && answer.body.status !== answer.status) throw new Error(`${where}: other status`);
	if (isProblem && answer.body.instance !== `urn:request:${headers.get("x-request-id")}`)
		throw new Error(`${where}: other instance`);
	if (headers.get("cache-control") !== "no-store") throw new Error(`${where}: may be kept`);
	if (leaks.test(answer.text)) throw new Error(`${where} tells too much: ${answer.text}`);
}

/** Headers of an anonymous caller: the proxy header turns demo mode off. */
export const forwardedHeaders = { "x-forwarded-for": "192.0.2.1" };
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/**
 * Requests with the headers of one caller. Each response must be described, and its body valid.
 * @throws Error otherwise
 */
export class Client {
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;

	constructor(url: string, headers: Record<string, string> = {}) {
		this.url = url;
		this.headers = headers;
	}

	async send<B = Json>(method: string, target: string, options: Options = {}): Promise<Answer<B>> {
		const { body, raw = body === undefined ? undefined : JSON.stringify(body), key } = options;
		const wantsKey = key !== null && (method === "POST" || key !== undefined);
		const response = await fetch(this.url + target, {
			method,
			headers: {
				...this.headers,
				...(raw !== undefined && { "content-type": "application/json" }),
				...(wantsKey && { "idempotency-key": key ?? randomUUID() }),
				...options.headers
			},
			body: raw as string | undefined,
			redirect: "manual"
		});
		const text = await response.text();
		const isJson = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
		const { status, headers } = response;
		const answer = { status, headers, text, body: (isJson ? JSON.parse(text) : {}) as Json };
		check(method, target.split("?")[0]!, answer);
		return answer as Answer<B>;
	}

	get<B = Json>(target: string, headers?: Record<string, string>) {
		return this.send<B>("GET", target, { headers });
	}
	post<B = Json>(target: string, body?: unknown, options: Options = {}) {
		return this.send<B>("POST", target, { body, ...options });
	}
	patch<B = Json>(target: string, body?: unknown, headers?: Record<string, string>) {
		return this.send<B>("PATCH", target, { body, headers });
	}
	delete<B = Json>(target: string, headers?: Record<string, string>) {
		return this.send<B>("DELETE", target, { headers });
	}
}

const accounts = {
	alice: "alice@shop.test",
	bob: "bob@shop.test",
	support: "support@shop.test",
	admin: "admin@shop.test"
};
export type Account = keyof typeof accounts;
export type Clients = Record<Account | "anonymous", Client>;

/** An anonymous client and one for each demo account, signed in. */
export async function signIn(url: string): Promise<Clients> {
	const anonymous = new Client(url, forwardedHeaders);
	const signedIn = Object.entries(accounts).map(async ([name, email]) => {
		const credentials = { email, password: "demo-Password-1" };
		const { status, body, text } = await anonymous.post("/api/v1/auth/login", credentials);
		if (status !== 200) throw new Error(`${name} cannot sign in: ${text}`);
		return [name, new Client(url, bearer(body.access_token as string))] as const;
	});
	return { anonymous, ...Object.fromEntries(await Promise.all(signedIn)) } as Clients;
}
