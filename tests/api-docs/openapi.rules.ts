/** What the API description must say beyond what the schema of OpenAPI demands, as functions from it to violations. */

type Content = Record<string, { schema?: unknown; example?: unknown; examples?: unknown }>;

export interface Parameter {
	name: string;
	in: "path" | "query" | "header";
	required: boolean;
	schema: Record<string, unknown>;
	example?: unknown;
}

export interface OpenApiOperation {
	operationId: string;
	summary?: string;
	description?: string;
	tags?: string[];
	security?: Record<string, string[]>[];
	parameters?: Parameter[];
	requestBody?: { required: boolean; content: Content };
	responses: Record<string, { description: string; content?: Content }>;
}

export interface OpenApi {
	tags: { name: string }[];
	paths: Record<
		string,
		Partial<Record<"get" | "post" | "put" | "patch" | "delete", OpenApiOperation>>
	>;
	components: { schemas: Record<string, Record<string, unknown>> } & Record<string, unknown>;
	[member: string]: unknown;
}

/** Each with its path. */
export function operationsOf({ paths }: OpenApi): [path: string, operation: OpenApiOperation][] {
	return Object.entries(paths).flatMap(([path, methods]) =>
		Object.values(methods).map((operation): [string, OpenApiOperation] => [path, operation])
	);
}

type Check = (path: string, operation: OpenApiOperation, document: OpenApi) => string[];

function sharedNames(document: OpenApi): string[] {
	const names = operationsOf(document).map(([, { operationId }]) => operationId);
	return [...Map.groupBy(names, name => name)]
		.filter(([, { length }]) => length > 1)
		.map(([name, { length }]) => `${name} is the name of ${length} operations`);
}

const sameNames: Check = (path, { operationId, parameters = [] }) => {
	const inPath = parameters.filter(parameter => parameter.in === "path").map(({ name }) => name);
	const inTemplate = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
	return inPath.toSorted().join() === inTemplate.toSorted().join()
		? []
		: [`${operationId}: ${path} has the parameters ${inPath.join(", ") || "none"}`];
};

const described: Check = (_, { operationId, summary, tags = [], security }, document) => {
	const known = new Set(document.tags.map(({ name }) => name));
	return [
		...(summary ? [] : [`${operationId} has no summary`]),
		...(tags.length > 0 && tags.every(tag => known.has(tag))
			? []
			: [`${operationId} has no tag of the list`]),
		...(security ? [] : [`${operationId} states no security`])
	];
};

const refusals: Check = (_, { operationId, responses }) =>
	Object.entries(responses)
		.filter(([status]) => /^4/.test(status))
		.map(([status, { content = {} }]) => [status, Object.keys(content).join()] as const)
		.filter(([, types]) => types !== "application/problem+json")
		.map(([status, types]) => `${operationId} ${status} is ${types || "without a body"}`);

const guarded: Check = (_, { operationId, security = [], responses }) =>
	security.length === 0
		? []
		: ["401", "403"].flatMap(status =>
				responses[status] ? [] : [`${operationId} has no ${status}`]
			);

const ofEach = (check: Check) => (document: OpenApi) =>
	operationsOf(document).flatMap(([path, operation]) => check(path, operation, document));

export const openApiRules: Readonly<Record<string, (document: OpenApi) => string[]>> = {
	"an operationId names one operation": sharedNames,
	"a path and its parameters have the same names": ofEach(sameNames),
	"an operation has a summary, a tag and its security": ofEach(described),
	"a refusal is a problem": ofEach(refusals),
	"a guarded operation refuses a caller without a token or a role": ofEach(guarded)
};

export const violations = (document: OpenApi, rule: string): string[] =>
	openApiRules[rule]!(document);
