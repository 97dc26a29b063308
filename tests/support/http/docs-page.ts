import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import type { OpenApi, OpenApiOperation } from "../../api-docs/openapi.rules.ts";
import type { Client, Answer } from "../shop/api-client.ts";

/** The page of the API without a browser: it sends the examples as Swagger UI does when one clicks "Execute". */

interface PageRequest {
	url: string;
	headers: Record<string, string>;
	body?: string;
}

/** What the page gives to Swagger UI. */
interface PageOptions {
	spec: OpenApi;
	requestInterceptor(request: PageRequest): PageRequest;
	responseInterceptor(response: { url: string; status: number; body: unknown }): unknown;
}

const script = readFileSync(
	join(import.meta.dirname, "../../../services/gateway/api-docs/page/start.js"),
	"utf8"
);

/** The script of the page, run as it is for the shop at this URL. */
function optionsOf(shopUrl: string): Promise<PageOptions> {
	return new Promise(resolve => {
		const SwaggerUIBundle = Object.assign(resolve, { presets: {} });
		const given = { SwaggerUIBundle, URL, crypto, location: { href: `${shopUrl}/docs` } };
		const ownFetch = (path: string) => fetch(new URL(path, shopUrl));
		runInContext(script, createContext({ ...given, fetch: ownFetch }));
	});
}

/** The request of an operation with its examples. */
function requestOf(path: string, { parameters = [], requestBody }: OpenApiOperation): PageRequest {
	const given = parameters.filter(({ example }) => example !== undefined);
	const inPlace = (place: string): [string, string][] =>
		given.filter(p => p.in === place).map(({ name, example }) => [name, String(example)]);
	const url = inPlace("path").reduce((url, [name, value]) => url.replace(`{${name}}`, value), path);
	const body = requestBody?.content["application/json"]?.example;
	return {
		url,
		headers: Object.fromEntries(inPlace("header")),
		...(body !== undefined && { body: JSON.stringify(body) })
	};
}

export class DocsPage {
	readonly #options: PageOptions;

	constructor(options: PageOptions) {
		this.#options = options;
	}

	static async open(shopUrl: string): Promise<DocsPage> {
		return new DocsPage(await optionsOf(shopUrl));
	}

	/** Tries an operation out. A stream never ends, so of it only the headers are read. */
	async tryOut(operationId: string, client: Client): Promise<Answer> {
		const { spec, requestInterceptor, responseInterceptor } = this.#options;
		const [path, methods] = Object.entries(spec.paths).find(([, methods]) =>
			Object.values(methods).some(operation => operation.operationId === operationId)
		)!;
		const [method, operation] = Object.entries(methods).find(
			([, operation]) => operation.operationId === operationId
		)!;
		const { url, headers, body } = requestInterceptor(requestOf(path, operation));
		const isStream =
			"text/event-stream; charset=utf-8" in (operation.responses["200"]?.content ?? {});
		const answer = await client.send(isStream ? "HEAD" : method.toUpperCase(), url, {
			raw: body,
			headers,
			key: null
		});
		responseInterceptor({ url: client.url + url, status: answer.status, body: answer.body });
		return answer;
	}
}
