import { everyone } from "../../../contracts/roles.ts";
import { IdempotencyKey } from "../../../contracts/values.ts";
import { accessInWords, needInWords } from "../../../lib/access.ts";
import { type ErrorCode, errorTable, slug } from "../../../lib/errors.ts";
import { type Access, type Role, strictObject, T, type TSchema } from "../../../lib/schema.ts";
import manifest from "../../../package.json" with { type: "json" };
import { Components, type Json } from "./components.ts";
import { Problem } from "../../../http/problem.ts";
import { exampleAnswer, exampleDocument, exampleJson, exampleRequest } from "./examples.ts";
import { describeWebhooks } from "./outgoing-webhooks.ts";
import { exampleName, exampleProblems } from "./problem-examples.ts";
import { headerOf, operations, type Operation } from "../operations.ts";

const headerSchemas: Record<string, { required: boolean; description: string; schema: TSchema }> = {
	idempotency_key: {
		required: true,
		description:
			"Names one request of its sender: a repetition has no effect and gets the same response. Demo mode generates one where it is required",
		schema: IdempotencyKey
	},
	version: {
		required: false,
		description: "The ETag that was read; if the version has changed the response is 412",
		schema: T.String()
	},
	wait_s: {
		required: false,
		description:
			"`wait=N`: respond when the outcome is known, after N (at most 10) seconds at the latest",
		schema: T.String()
	},
	last_event_id: {
		required: false,
		description: "Id of the last received event; later ones are sent first",
		schema: T.String({ pattern: "^(0|[1-9][0-9]{0,14})$" })
	},
	signature: {
		required: true,
		description: "`t=…,v1=…` over the body's bytes, at most 5 minutes old",
		schema: T.String()
	}
};

const needsKey = ({ action }: Operation) =>
	action.params.required?.includes("idempotency_key") === true;

function parametersOf(operation: Operation, components: Components): Json[] {
	const { inPath, inQuery, inHeaders } = operation;
	const { path, headers: exampleHeaders } = exampleRequest(operation);
	const from = (place: string, { properties, required = [] }: typeof inPath) =>
		Object.entries(properties).map(([name, schema]) => ({
			name,
			in: place,
			// A path has all of its parameters, even those that the action could do without.
			required: place === "path" || required.includes(name),
			schema: components.plain(schema),
			...(place === "path" && { example: path[name] })
		}));
	// OpenAPI describes Accept by the media types of the answers.
	const headers = inHeaders
		.filter(name => name !== "accept")
		.map(name => ({
			name: headerOf[name],
			in: "header",
			...headerSchemas[name],
			schema: components.plain(headerSchemas[name]!.schema),
			...(name === "idempotency_key" && { required: needsKey(operation) }),
			...(exampleHeaders[name] !== undefined && { example: exampleHeaders[name] })
		}));
	return [...from("path", inPath), ...from("query", inQuery), ...headers];
}

function bodyOf(operation: Operation, components: Components): Json | undefined {
	const { id, inBody, payload } = operation;
	const { body: example } = exampleRequest(operation);
	if (payload) {
		const schema = { type: "object" };
		return { required: true, content: { "application/json": { schema, example } } };
	}
	if (!inBody || Object.keys(inBody.properties).length === 0) return undefined;
	const title = `${id[0]!.toUpperCase()}${id.slice(1)}Request`;
	const schema = components.plain(strictObject(inBody.properties, { title }));
	return {
		required: Boolean(inBody.required?.length),
		content: { "application/json": { schema, example } }
	};
}

/** Who may call an operation: its route may have fewer roles than its action. */
const accessOf = ({ action, roles }: Operation): Access => roles ?? action.access;

const excludes = (operation: Operation) =>
	accessOf(operation) !== "anyone" && everyone.some(role => !accessOf(operation).includes(role));

/** Every error that the operation may return. */
export function errorCodesOf(operation: Operation): ErrorCode[] {
	const { action, inPath, inQuery, inHeaders, inBody, payload, refusals = [] } = operation;
	const has = (object: { properties: object } | undefined) =>
		Object.keys(object?.properties ?? {}).length > 0;
	const codes: ErrorCode[] = [
		"MALFORMED_PATH",
		"INVALID_TOKEN",
		"ACCOUNT_LOCKED",
		"URI_TOO_LONG",
		"VALIDATION_FAILED"
	];
	if (action.access !== "anyone") codes.push("UNAUTHENTICATED");
	if (excludes(operation)) codes.push("FORBIDDEN");
	if (has(inPath) || has(inQuery)) codes.push("NOT_FOUND");
	if (inBody) codes.push("MALFORMED_JSON", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE");
	if (payload) codes.push("PAYLOAD_TOO_LARGE");
	if (inHeaders.includes("version")) codes.push("MALFORMED_HEADER");
	// What has no entity tag refuses one.
	if (operation.method !== "GET") codes.push("STALE_VERSION");
	if (inHeaders.includes("idempotency_key"))
		codes.push(
			...(needsKey(operation) ? (["IDEMPOTENCY_KEY_MISSING"] as const) : []),
			"IDEMPOTENCY_KEY_MALFORMED",
			"IDEMPOTENCY_KEY_REUSED",
			"IDEMPOTENCY_KEY_IN_USE"
		);
	codes.push("OVERLOADED", "UNAVAILABLE", "TIMEOUT", "INTERNAL");
	return [...new Set([...codes, ...refusals])];
}

function successHeaders({ location, etag, inHeaders, action }: Operation): Json {
	const header = (description: string) => ({ description, schema: { type: "string" } });
	const lists = "next_cursor" in ((action.returns.properties as object | undefined) ?? {});
	return {
		"X-Request-ID": header("Generated by the shop, also in `instance` of a problem"),
		...(location && { Location: header("Path of the created resource") }),
		...(etag && { ETag: header("For `If-None-Match` and `If-Match`") }),
		...(lists && { Link: header('The next page, `rel="next"`') }),
		...(inHeaders.includes("idempotency_key") && {
			"Idempotent-Replayed": header("`true` when the key had been used before")
		}),
		...(inHeaders.includes("wait_s") && { "Preference-Applied": header("`wait=N`") })
	};
}

function successesOf(operation: Operation, components: Components): Record<string, Json> {
	const { action, member, media, json, unless, status = 200, etag, method } = operation;
	const properties = action.returns.properties as Record<string, TSchema> | undefined;
	// A stream of events and a page are text, whatever their action returns.
	const schema = media
		? { type: "string" }
		: components.plain(member ? properties![member] : action.returns);
	const types = media ?? ["application/json"];
	const success = (of: number) => {
		const exampleOf = media ? exampleDocument : () => exampleAnswer(operation, of);
		const contentOf = (type: string) =>
			json && type.startsWith("application/json")
				? { schema: components.plain(json), example: exampleJson(json) }
				: { schema, example: exampleOf(type) };
		return {
			description: action.summary,
			headers: successHeaders(operation),
			content: Object.fromEntries(types.map(type => [type, contentOf(type)]))
		};
	};
	return {
		[status]: success(status),
		...(unless && { [unless.status]: success(unless.status) }),
		...(etag && method === "GET" && { 304: { description: "The client has the current version" } })
	};
}

const retryAfter = { description: "Seconds to wait", schema: { type: "integer" } };

const references = (codes: readonly ErrorCode[], operation: Operation) =>
	Object.fromEntries(
		codes.map(code => {
			const name = exampleName(code, operation.id, accessOf(operation));
			return [slug(code), { $ref: `#/components/examples/${name}` }];
		})
	);

/** The title, and who is let in where that is what it is about. */
function problemInWords(code: ErrorCode, operation: Operation): string {
	const title = errorTable[code][1];
	return code === "FORBIDDEN" && excludes(operation)
		? `${title}. ${needInWords(accessOf(operation) as readonly Role[])}`
		: title;
}

function responsesOf(operation: Operation, components: Components): Json {
	const responses = successesOf(operation, components);
	const schema = components.plain(Problem);
	const byStatus = Map.groupBy(errorCodesOf(operation), code => errorTable[code][0]);
	for (const [status, codes] of byStatus) {
		const description = codes
			.map(code => `\`${slug(code)}\`: ${problemInWords(code, operation)}`)
			.join("; ");
		const known = responses[status];
		const saysWhen = !known && (status === 429 || status === 503);
		responses[status] = {
			...known,
			...(saysWhen && { headers: { "Retry-After": retryAfter } }),
			description: known ? `${known.description as string}; or ${description}` : description,
			content: {
				...(known?.content as Json),
				"application/problem+json": { schema, examples: references(codes, operation) }
			}
		};
	}
	return responses;
}

function describe(operation: Operation, components: Components): Json {
	const { id, tag, action } = operation;
	const parameters = parametersOf(operation, components);
	return {
		operationId: id,
		tags: [tag],
		summary: action.summary,
		description: accessInWords(accessOf(operation)),
		security: action.access === "anyone" ? [] : [{ bearer: [] }],
		...(parameters.length > 0 && { parameters }),
		requestBody: bodyOf(operation, components),
		responses: responsesOf(operation, components)
	};
}

function build(): Json {
	const components = new Components();
	const paths: Record<string, Json> = {};
	for (const operation of operations) {
		const path = (paths[operation.path] ??= {});
		path[operation.method.toLowerCase()] = describe(operation, components);
	}
	const document = {
		openapi: "3.1.0",
		info: {
			title: "moleculer-commerce",
			version: manifest.version,
			description: manifest.description,
			license: { name: manifest.license, identifier: manifest.license }
		},
		servers: [{ url: "/" }],
		tags: [...new Set(operations.map(({ tag }) => tag))].map(name => ({ name })),
		paths,
		webhooks: describeWebhooks(components),
		components: {
			schemas: components.schemas,
			examples: exampleProblems(
				operations.map(operation => ({
					id: operation.id,
					access: accessOf(operation),
					codes: errorCodesOf(operation)
				}))
			),
			securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } }
		}
	};
	// In memory, schemas have symbols and undefined members, which JSON does not.
	return JSON.parse(JSON.stringify(document)) as Json;
}

let built: Json | undefined;

/** The API description (OpenAPI 3.1), made from the route table and the contracts on first use. */
export function openApiDocument(): Json {
	return (built ??= build());
}
