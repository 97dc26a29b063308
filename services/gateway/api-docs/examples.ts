import type { TObject, TSchema } from "../../../lib/schema.ts";
import type { Operation } from "../operations.ts";
import {
	exampleDocuments,
	exampleInstant,
	exampleKey,
	exampleValues,
	ids,
	optionalMembers
} from "./example-values.ts";
import type { Json } from "./components.ts";

/**
 * Examples of the API description. A value is the stated one of its name (example-values.ts), else the first one that the
 * schema allows; an object has its required members.
 */

/** Names of what has the member, the nearest first: `Order` of `Order.id`. */
type Owners = readonly string[];

function statedKey(name: string, owners: Owners, isOpen: boolean): string | undefined {
	const keys = [...owners.map(owner => `${owner}.${name}`), ...(isOpen ? [name] : [])];
	return keys.find(key => Object.hasOwn(exampleValues, key));
}

function exampleObject(schema: TSchema, owners: Owners): Json {
	const wanted = [
		...(schema.required ?? []),
		...owners.flatMap(owner => optionalMembers[owner] ?? [])
	];
	const members = Object.entries<TSchema>(schema.properties ?? {});
	return Object.fromEntries(
		members
			.filter(([name]) => wanted.includes(name))
			.map(([name, member]) => [name, exampleOf(member, name, owners)])
	);
}

function derived(schema: TSchema, name: string, owners: Owners): unknown {
	if (schema.type === "object") return exampleObject(schema, owners);
	if (schema.type === "array") return [exampleOf(schema.items as TSchema, name, [])];
	if (schema.type === "boolean") return false;
	if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 0;
	if (schema.format === "date-time") return exampleInstant;
	return `${missing}: ${name} of ${owners.at(-1)}`;
}

const missing = "no example is stated";

/** The texts of a document of which example-values.ts states none: `cry of Parrot`. */
export function missingExamples(document: unknown): string[] {
	const found = JSON.stringify(document).matchAll(new RegExp(`"${missing}: ([^"]+)"`, "g"));
	return [...new Set(Array.from(found, ([, name]) => name!))];
}

/** A text of which no example is stated is named in its place, so that the description is served while it is written. */
export function exampleOf(schema: TSchema, name: string, owners: Owners): unknown {
	const choice = schema.anyOf?.find(({ type }: TSchema) => type !== "null") as TSchema | undefined;
	const isClosed = (schema.enum ?? choice?.enum ?? schema.const) !== undefined;
	const key = statedKey(name, owners, !isClosed);
	if (key) return exampleValues[key];
	if (choice) return exampleOf(choice, name, owners);
	const given = schema.const ?? schema.enum?.[0] ?? schema.default;
	if (given !== undefined) return given;
	// A titled object is known by its title, wherever it is; others by the member that they are.
	const within = schema.type === "object" || schema.type === "array";
	return derived(schema, name, within ? [schema.title ?? name] : owners);
}

/** The parts of a request. Optional parameters have no example: they narrow down a request that works without them. */
export function exampleRequest(operation: Operation) {
	const { id, path, inPath, inHeaders, inBody, payload } = operation;
	const ofPath = ([name, schema]: [string, TSchema]) => {
		const collection = new RegExp(`([\\w-]+)/\\{${name}\\}`).exec(path)![1]!;
		const known = name === "id" && `${id}.id` in exampleValues === false;
		return [name, known ? ids[collection as keyof typeof ids] : exampleOf(schema, name, [id])];
	};
	const headers: Record<string, unknown> = {
		...(inHeaders.includes("idempotency_key") && { idempotency_key: exampleKey }),
		...(inHeaders.includes("signature") && { signature: exampleValues.signature })
	};
	const bodyOf = ({ properties, required = [] }: TObject) =>
		exampleObject({ properties, required } as TObject, [id]);
	return {
		path: Object.fromEntries(Object.entries(inPath.properties).map(ofPath)) as Record<
			string,
			string
		>,
		headers,
		body: payload ? exampleValues[payload] : inBody && bodyOf(inBody)
	};
}

/** The representation that an operation answers with this status. */
export function exampleAnswer(operation: Operation, status: number): unknown {
	const { id, action, member } = operation;
	const schema = member
		? (action.returns.properties as TObject["properties"])[member]!
		: action.returns;
	const owners = [`${id} ${status}`, id, ...(schema.title ? [schema.title as string] : [])];
	const key = statedKey("result", owners, false);
	return key ? exampleValues[key] : exampleObject(schema, owners);
}

/** What a page says as JSON. */
export const exampleJson = (schema: TObject): unknown =>
	exampleOf(schema, schema.title as string, []);

/** The beginning of a document; undefined for an image. */
export const exampleDocument = (mediaType: string): string | undefined =>
	exampleDocuments[mediaType.split(";")[0]!];
