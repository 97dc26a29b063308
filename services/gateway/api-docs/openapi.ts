import { type ErrorCode, errorTable, slug } from "../../../lib/errors.ts";
import { strictObject, T, type TSchema } from "../../../lib/schema.ts";
import manifest from "../../../package.json" with { type: "json" };
import { Components, type Json } from "./components.ts";
import { Problem } from "../http/problem.ts";
import { headerOf, operations, type Operation } from "../operations.ts";

const headerSchemas: Record<string, { required: boolean; description: string; schema: TSchema }> = {
	idempotency_key: {
		required: true,
		description: "The same key and body give the same answer, once. Demo mode makes one up",
		schema: T.String({ pattern: "^[\\x21-\\x7e]{1,255}$" })
	},
	version: {
		required: false,
		description: "The ETag that was read; a newer version answers 412",
		schema: T.String()
	},
	wait_s: {
		required: false,
		description:
			"`wait=N`: answer when the outcome is known, after N (at most 10) seconds at the latest",
		schema: T.String()
	},
	last_event_id: {
		required: false,
		description: "Of the last event that was received; what came behind it is sent first",
		schema: T.String({ pattern: "^(0|[1-9][0-9]{0,14})$" })
	},
	signature: {
		required: true,
		description: "`t=…,v1=…` over the body's bytes, at most 5 minutes old",
		schema: T.String()
	}
};

function parametersOf({ inPath, inQuery, inHeaders }: Operation, components: Components): Json[] {
	const from = (place: string, { properties, required = [] }: typeof inPath) =>
		Object.entries(properties).map(([name, schema]) => ({
			name,
			in: place,
			required: required.includes(name),
			schema: components.plain(schema)
		}));
	const headers = inHeaders.map(name => ({
		name: headerOf[name],
		in: "header",
		...headerSchemas[name]
	}));
	return [...from("path", inPath), ...from("query", inQuery), ...headers];
}

function bodyOf({ id, inBody, payload }: Operation, components: Components): Json | undefined {
	if (payload)
		return { required: true, content: { "application/json": { schema: { type: "object" } } } };
	if (!inBody || Object.keys(inBody.properties).length === 0) return undefined;
	const title = `${id[0]!.toUpperCase()}${id.slice(1)}Request`;
	const schema = components.plain(strictObject(inBody.properties, { title }));
	return {
		required: Boolean(inBody.required?.length),
		content: { "application/json": { schema } }
	};
}

/** Every error that the operation may answer with. */
export function errorCodesOf(operation: Operation): ErrorCode[] {
	const { action, inPath, inQuery, inHeaders, inBody, payload, refusals = [] } = operation;
	const has = (object: { properties: object } | undefined) =>
		Object.keys(object?.properties ?? {}).length > 0;
	const codes: ErrorCode[] = [
		"MALFORMED_PATH",
		"INVALID_TOKEN",
		"URI_TOO_LONG",
		"VALIDATION_FAILED"
	];
	if (action.access !== "anyone") codes.push("UNAUTHENTICATED", "FORBIDDEN");
	if (has(inPath) || has(inQuery)) codes.push("NOT_FOUND");
	if (inBody) codes.push("MALFORMED_JSON", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE");
	if (payload) codes.push("PAYLOAD_TOO_LARGE");
	if (inHeaders.includes("version")) codes.push("MALFORMED_HEADER", "STALE_VERSION");
	if (inHeaders.includes("idempotency_key"))
		codes.push(
			"IDEMPOTENCY_KEY_MISSING",
			"IDEMPOTENCY_KEY_MALFORMED",
			"IDEMPOTENCY_KEY_REUSED",
			"IDEMPOTENCY_KEY_IN_USE"
		);
	codes.push("OVERLOADED", "UNAVAILABLE", "TIMEOUT", "INTERNAL");
	return [...new Set([...codes, ...refusals])];
}

function successHeaders({ location, etag, member, inHeaders, action }: Operation): Json {
	const header = (description: string) => ({ description, schema: { type: "string" } });
	const lists = "next_cursor" in ((action.returns.properties as object | undefined) ?? {});
	return {
		"X-Request-ID": header("Ours, also in `instance` of a problem"),
		...(location && { Location: header("Path of what was made") }),
		...(etag && { ETag: header("For `If-None-Match` and `If-Match`") }),
		...(lists && { Link: header('The next page, `rel="next"`') }),
		...(member && { "Idempotent-Replayed": header("`true` when the key had been used before") }),
		...(inHeaders.includes("wait_s") && { "Preference-Applied": header("`wait=N`") })
	};
}

function successesOf(operation: Operation, components: Components): Record<string, Json> {
	const { action, member, media, unless, status = 200, etag, method } = operation;
	const properties = action.returns.properties as Record<string, TSchema> | undefined;
	const schema = components.plain(member ? properties![member] : action.returns);
	const types = media ?? ["application/json"];
	const success = {
		description: action.summary,
		headers: successHeaders(operation),
		content: Object.fromEntries(types.map(type => [type, { schema }]))
	};
	return {
		[status]: success,
		...(unless && { [unless.status]: success }),
		...(etag && method === "GET" && { 304: { description: "The client holds the present one" } })
	};
}

function responsesOf(operation: Operation, components: Components): Json {
	const responses = successesOf(operation, components);
	const schema = components.plain(Problem);
	const byStatus = Map.groupBy(errorCodesOf(operation), code => errorTable[code][0]);
	for (const [status, codes] of byStatus) {
		const description = codes.map(code => `\`${slug(code)}\`: ${errorTable[code][1]}`).join("; ");
		const known = responses[status];
		responses[status] = {
			...known,
			description: known ? `${known.description as string}; or ${description}` : description,
			content: { ...(known?.content as Json), "application/problem+json": { schema } }
		};
	}
	return responses;
}

function describe(operation: Operation, components: Components): Json {
	const { id, tag, action, roles = action.access } = operation;
	const parameters = parametersOf(operation, components);
	return {
		operationId: id,
		tags: [tag],
		summary: action.summary,
		...(action.access !== "anyone" && { description: `For ${(roles as string[]).join(", ")}.` }),
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
		components: {
			schemas: components.schemas,
			securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } }
		}
	};
	// Schemas carry symbols and undefined members in memory; what is told is what JSON holds of them.
	return JSON.parse(JSON.stringify(document)) as Json;
}

let built: Json | undefined;

/** The API description (OpenAPI 3.1), made from the route table and the contracts on first use. */
export function openApiDocument(): Json {
	return (built ??= build());
}
