import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formatsPlugin from "ajv-formats";
import { roles as allRoles } from "../../lib/schema.ts";

/** What the API description must say beyond what the schema of OpenAPI demands, as functions from it to violations. */

type Content = Record<
	string,
	{ schema?: unknown; example?: unknown; examples?: Record<string, { $ref: string }> }
>;

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
	components: {
		schemas: Record<string, Record<string, unknown>>;
		examples: Record<string, { value: unknown }>;
	};
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

/** The roles that the description of an operation names; undefined if anyone may call it. */
function rolesInWords({ description = "" }: OpenApiOperation): string[] | undefined {
	const named = /^This needs the role (.+)\.$/.exec(description)?.[1];
	return named?.split(/, | or /);
}

const access: Check = (_, operation, { components }) => {
	const { operationId, description, security = [], responses } = operation;
	const roles = rolesInWords(operation);
	if (security.length === 0)
		return description === "Anyone may call this, without signing in."
			? []
			: [`${operationId} does not say that anyone may call it`];
	if (!roles) return [`${operationId} does not say who may call it`];
	if (!responses["401"]) return [`${operationId} has no 401`];
	if (roles.length === allRoles.length) return [];
	const refusal = responses["403"]?.content?.["application/problem+json"]?.examples?.forbidden;
	if (!refusal) return [`${operationId} has no 403`];
	const { value } = components.examples[refusal.$ref.split("/").at(-1)!]!;
	const { detail, required_roles } = value as { detail: string; required_roles: string[] };
	const isNamed = roles.every(role => detail.includes(role) && required_roles.includes(role));
	return isNamed && responses["403"]!.description.includes(roles.join(" or "))
		? []
		: [`${operationId}: its 403 does not name the role that is needed`];
};

interface Place {
	at: string;
	schema: unknown;
	values: unknown[];
}

const valuesOf = ({ example, examples }: Content[string], { components }: OpenApi): unknown[] => [
	...(example === undefined ? [] : [example]),
	...Object.values(examples ?? {}).map(
		({ $ref }) => components.examples[$ref.split("/").at(-1)!]?.value
	)
];

/** Where an operation must have an example: bodies, required parameters, answers that are text. */
function placesOf(operation: OpenApiOperation, document: OpenApi): Place[] {
	const { parameters = [], requestBody, responses } = operation;
	const ofContent = (content: Content, at: string) =>
		Object.entries(content)
			.filter(([type]) => !type.startsWith("image/"))
			.map(([type, media]) => ({
				at: `${at} ${type}`,
				schema: media.schema,
				values: valuesOf(media, document)
			}));
	return [
		...parameters
			.filter(({ required }) => required)
			.map(({ name, schema, example }) => ({
				at: name,
				schema,
				values: example === undefined ? [] : [example]
			})),
		...ofContent(requestBody?.content ?? {}, "the body"),
		...Object.entries(responses).flatMap(([status, { content = {} }]) => ofContent(content, status))
	];
}

/** Schemas of the document, as clients compile them. */
function compiler({ components }: OpenApi): (schema: unknown) => ValidateFunction {
	const ajv = new Ajv2020({ strict: false });
	(formatsPlugin as unknown as typeof formatsPlugin.default)(ajv);
	for (const format of ["currency", "country", "idn-email"]) ajv.addFormat(format, true);
	const compiled = new Map<string, ValidateFunction>();
	return schema => {
		const key = JSON.stringify(schema);
		const check = compiled.get(key) ?? ajv.compile({ ...(schema as object), components });
		compiled.set(key, check);
		return check;
	};
}

function examples(document: OpenApi): string[] {
	const compile = compiler(document);
	return operationsOf(document).flatMap(([, operation]) =>
		placesOf(operation, document).flatMap(({ at, schema, values }) => {
			const where = `${operation.operationId}: ${at}`;
			if (values.length === 0) return [`${where} has no example`];
			const isValid = compile(schema);
			return values.every(value => isValid(value)) ? [] : [`${where} has an invalid example`];
		})
	);
}

const ofEach = (check: Check) => (document: OpenApi) =>
	operationsOf(document).flatMap(([path, operation]) => check(path, operation, document));

export const openApiRules: Readonly<Record<string, (document: OpenApi) => string[]>> = {
	"an operationId names one operation": sharedNames,
	"a path and its parameters have the same names": ofEach(sameNames),
	"an operation has a summary, a tag and its security": ofEach(described),
	"a refusal is a problem": ofEach(refusals),
	"an operation says who may call it, and its 403 which role is needed": ofEach(access),
	"each body, needed parameter and answer has examples, which are valid": examples
};

export const violations = (document: OpenApi, rule: string): string[] =>
	openApiRules[rule]!(document);
