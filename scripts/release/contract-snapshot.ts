import { gateway } from "../../contracts/gateway.ts";
import { gatewayStopping } from "../../contracts/order.ts";
import { parts } from "../../contracts/parts.ts";
import { paymentSettled } from "../../contracts/payment.ts";
import { consumerMoved } from "../../contracts/streams.ts";
import { standingChanged } from "../../contracts/user.ts";
import { asyncApiDocument } from "../../services/gateway/api-docs/asyncapi.ts";
import { Components } from "../../services/gateway/api-docs/components.ts";
import { openApiDocument } from "../../services/gateway/api-docs/openapi.ts";
import { operations } from "../../services/gateway/operations.ts";

/** What a release promises to its callers and readers: schemas without their descriptions. */

/** The keywords of JSON Schema that the contracts use. */
export interface JsonSchema {
	$ref?: string;
	type?: string | string[];
	enum?: unknown[];
	const?: unknown;
	anyOf?: JsonSchema[];
	properties?: Record<string, JsonSchema>;
	required?: string[];
	additionalProperties?: boolean | JsonSchema;
	patternProperties?: Record<string, JsonSchema>;
	items?: JsonSchema;
	default?: unknown;
	[keyword: string]: unknown;
}

interface ActionSnapshot {
	/** `anyone`, `internal`, or roles. */
	access: string | string[];
	params: JsonSchema;
	returns: JsonSchema;
}

interface Parameter {
	required: boolean;
	schema: JsonSchema;
}

interface Response {
	headers: Record<string, JsonSchema>;
	/** By media type. */
	content: Record<string, JsonSchema>;
	/** Codes of problems. */
	problems: string[];
}

export interface RouteSnapshot {
	access: string | string[];
	/** `query limit`, `path id`, `header If-Match`. */
	parameters: Record<string, Parameter>;
	body: { required: boolean; content: Record<string, JsonSchema> } | null;
	/** By status. */
	responses: Record<string, Response>;
}

interface MessageSnapshot {
	topics: string[];
	/** Where the payload has the key, by which messages are kept in order: `$message.payload#/data/user_id`. */
	key?: string;
	/** Headers, and the payload unless it may be anything. */
	parts: Record<string, JsonSchema>;
}

/** With the default settings. */
export interface TopicSnapshot {
	cleanup: string[];
	/** None if messages are removed only when a later one has their key. */
	retentionMs?: number;
}

export interface ContractSnapshot {
	version: string;
	actions: Record<string, ActionSnapshot>;
	/** Broker events, by name. */
	hints: Record<string, JsonSchema>;
	/** By method and path. */
	routes: Record<string, RouteSnapshot>;
	messages: Record<string, MessageSnapshot>;
	/** By name, those of dead letters too. */
	topics: Record<string, TopicSnapshot>;
	/** Requests that webhooks get. */
	webhooks: Record<string, { headers: string[]; body: JsonSchema }>;
	/** What `$ref` names. */
	schemas: Record<string, JsonSchema>;
}

interface Action {
	name: string;
	access: string | readonly string[];
	params: unknown;
	returns: unknown;
}

const hints = [gatewayStopping, paymentSettled, consumerMoved, standingChanged];

/** Texts about a schema, which change no value. A property of such a name is a schema, and stays. */
const annotations = new Set(["title", "description", "rule", "summary"]);

function bare(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(bare);
	if (typeof value !== "object" || value === null) return value;
	const kept = Object.entries(value).filter(
		([name, content]) => !(annotations.has(name) && typeof content === "string")
	);
	return Object.fromEntries(kept.map(([name, content]) => [name, bare(content)]));
}

const sorted = <V>(entries: readonly (readonly [string, V])[]): Record<string, V> =>
	Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));

interface MediaType {
	schema: JsonSchema;
	examples?: Record<string, unknown>;
}
type Content = Record<string, MediaType>;
interface OpenApiOperation {
	parameters?: { in: string; name: string; required?: boolean; schema: JsonSchema }[];
	requestBody?: { required: boolean; content: Content };
	responses: Record<string, { headers?: Record<string, MediaType>; content?: Content }>;
}
interface OpenApi {
	paths: Record<string, Record<string, OpenApiOperation>>;
	webhooks: Record<string, Record<string, Required<OpenApiOperation>>>;
	components: { schemas: Record<string, JsonSchema> };
}
interface AsyncApi {
	channels: Record<
		string,
		{
			address: string;
			messages: Record<string, unknown>;
			bindings: {
				kafka: { topicConfiguration: { "cleanup.policy": string[]; "retention.ms"?: number } };
			};
		}
	>;
	components: {
		messages: Record<
			string,
			{
				headers: JsonSchema;
				payload?: JsonSchema;
				bindings: { kafka: { key: { "x-location"?: string } } };
			}
		>;
		schemas: Record<string, JsonSchema>;
	};
}

const schemasOf = (types: Record<string, MediaType> = {}) =>
	Object.fromEntries(Object.entries(types).map(([name, { schema }]) => [name, schema]));

function responseOf({ headers, content = {} }: OpenApiOperation["responses"][string]): Response {
	const problems = Object.keys(content["application/problem+json"]?.examples ?? {});
	return { headers: schemasOf(headers), content: schemasOf(content), problems: problems.sort() };
}

function routeOf(operation: OpenApiOperation, access: RouteSnapshot["access"]): RouteSnapshot {
	const { parameters = [], requestBody, responses } = operation;
	return {
		access,
		parameters: Object.fromEntries(
			parameters.map(({ in: place, name, required = false, schema }) => [
				`${place} ${name}`,
				{ required, schema }
			])
		),
		body: requestBody
			? { required: requestBody.required, content: schemasOf(requestBody.content) }
			: null,
		responses: Object.fromEntries(
			Object.entries(responses).map(([status, response]) => [status, responseOf(response)])
		)
	};
}

/** The schemas of both documents and of the actions: one title has one schema, unless it is open in one of them. */
class Snapshot {
	readonly #components = new Components();
	readonly #openApi = openApiDocument() as unknown as OpenApi;
	readonly #asyncApi = asyncApiDocument() as unknown as AsyncApi;

	of(version: string): ContractSnapshot {
		const parts = {
			version,
			actions: this.#actions(),
			hints: sorted(hints.map(({ name, data }) => [name, this.#plain(data)])),
			routes: this.#routes(),
			messages: this.#messages(),
			topics: this.#topics(),
			webhooks: this.#webhooks()
		};
		const schemas = {
			...this.#openApi.components.schemas,
			...(this.#components.schemas as Record<string, JsonSchema>),
			...this.#streamSchemas()
		};
		const whole = { ...parts, schemas: sorted(Object.entries(schemas)) };
		return bare(JSON.parse(JSON.stringify(whole))) as ContractSnapshot;
	}

	#plain(schema: unknown): JsonSchema {
		return this.#components.plain(schema) as JsonSchema;
	}

	#actions(): ContractSnapshot["actions"] {
		const all = [...parts, gateway].flatMap(part => Object.values<Action>(part.actions));
		const entries = all.map(({ name, access, params, returns }) => {
			const snapshot = { access, params: this.#plain(params), returns: this.#plain(returns) };
			return [name, snapshot as ActionSnapshot] as const;
		});
		return sorted(entries);
	}

	#routes(): ContractSnapshot["routes"] {
		const { paths } = this.#openApi;
		return sorted(
			operations.map(({ method, path, roles, action }) => {
				const described = paths[path]![method.toLowerCase()]!;
				const access = (roles ?? action.access) as RouteSnapshot["access"];
				return [`${method} ${path}`, routeOf(described, access)];
			})
		);
	}

	#messages(): ContractSnapshot["messages"] {
		const { channels, components } = this.#asyncApi;
		const topicsOf = (id: string) =>
			Object.values(channels)
				.filter(({ messages }) => Object.hasOwn(messages, id))
				.map(({ address }) => address);
		const entries = Object.entries(components.messages).map(([id, message]) => {
			const { headers, payload, bindings } = message;
			const schemas = { headers, ...(payload && { payload }) };
			const key = bindings.kafka.key["x-location"];
			const described = { ...(key && { key }), parts: renamed(schemas) };
			return [id, { topics: topicsOf(id).sort(), ...described }] as const;
		});
		return sorted(entries);
	}

	#topics(): ContractSnapshot["topics"] {
		const entries = Object.values(this.#asyncApi.channels).map(({ address, bindings }) => {
			const { topicConfiguration: settings } = bindings.kafka;
			const retentionMs = settings["retention.ms"];
			const topic = { cleanup: settings["cleanup.policy"].toSorted() };
			return [address, { ...topic, ...(retentionMs !== undefined && { retentionMs }) }] as const;
		});
		return sorted(entries);
	}

	#webhooks(): ContractSnapshot["webhooks"] {
		const entries = Object.entries(this.#openApi.webhooks).map(([name, { post }]) => {
			const headers = post!.parameters.map(parameter => parameter.name).sort();
			return [name, { headers, body: post!.requestBody.content["application/json"]!.schema }];
		});
		return Object.fromEntries(entries) as ContractSnapshot["webhooks"];
	}

	/** Those of the streams take unknown members, so one of them may differ from that of its title elsewhere. */
	#streamSchemas(): Record<string, JsonSchema> {
		return Object.fromEntries(
			Object.entries(this.#asyncApi.components.schemas).map(([title, schema]) => [
				`Stream${title}`,
				renamed(schema)
			])
		);
	}
}

const reference = "#/components/schemas/";

function renamed<V>(value: V): V {
	const text = JSON.stringify(value).replaceAll(`"${reference}`, `"${reference}Stream`);
	return JSON.parse(text) as V;
}

/** The contracts of this tree. The configuration must be that of the defaults: scripts/generated-files.ts sets it. */
export const contractSnapshot = (version: string): ContractSnapshot => new Snapshot().of(version);
