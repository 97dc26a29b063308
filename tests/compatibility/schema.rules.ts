import type { JsonSchema } from "../../scripts/release/contract-snapshot.ts";
import { satisfyLimit } from "./listed-values.rules.ts";

/**
 * Compares two schemas of one place. Who sends there an old value must still be understood (`taken`), or who reads there a
 * new one must understand it as an old reader does, which ignores members that it does not know (`given`). Both are one question:
 * is every value of one schema a value of the other?
 */
export type Direction = "taken" | "given";

export interface Difference {
	/** The place in the schema, from the last schema with a name: `Order.items[].quantity`. */
	path: string;
	/** What is so now, and what was so. */
	what: string;
}

type Schemas = Readonly<Record<string, JsonSchema>>;

/** The limits of a value: each schema of more values has the same limit, a wider one, or none. */
const upper = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
const lower = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const exact = "pattern format multipleOf uniqueItems not contentEncoding contentMediaType".split(
	" "
);

const show = (value: unknown) => (value === undefined ? "none" : JSON.stringify(value));

const prefix = "#/components/schemas/";

const unique = (values: unknown[]) => [...new Set(values)];

/** The schema without alternatives that it is one of. All lists of values of one type are one list. */
interface Alternative {
	schema: JsonSchema;
	type: string;
	/** Of the schema that a reference names. */
	name?: string;
}

const typeOfValue = (value: unknown) => (value === null ? "null" : typeof value);

/** Of a list of values. Whole numbers are one list with other numbers, and a list of whole numbers has their type. */
const typeOfList = (type: string, values: readonly unknown[]) =>
	type === "number" && values.every(Number.isInteger) ? "integer" : type;

function mergeLists(all: readonly Alternative[]): Alternative[] {
	const listed = all.filter(({ schema }) => schema.enum);
	const byType = [...Map.groupBy(listed, ({ type }) => (type === "integer" ? "number" : type))];
	return [
		...all.filter(({ schema }) => !schema.enum),
		...byType.map(([type, lists]) => {
			const values = unique(lists.flatMap(({ schema }) => schema.enum!));
			const schema = { ...lists[0]!.schema, enum: values };
			return { ...lists[0]!, type: typeOfList(type, values), schema };
		})
	];
}

/** @throws Error for a keyword that the rules do not know: what it says would not be compared */
function assertKnown(schema: JsonSchema): void {
	const known = new Set([
		..."$ref type enum const anyOf properties required additionalProperties patternProperties".split(
			" "
		),
		"items",
		"default",
		...upper,
		...lower,
		...exact
	]);
	const unknown = Object.keys(schema).find(keyword => !known.has(keyword));
	if (unknown) throw new Error(`the rules of compatibility do not know the keyword ${unknown}`);
}

function expand(schema: JsonSchema, schemas: Schemas, name?: string): Alternative[] {
	assertKnown(schema);
	const named = name === undefined ? {} : { name };
	if (schema.$ref) {
		const target = schema.$ref.replace(prefix, "");
		const found = schemas[target];
		if (!found) throw new Error(`there is no schema ${target}`);
		return expand(found, schemas, target);
	}
	if (schema.anyOf) return schema.anyOf.flatMap(one => expand(one, schemas, name));
	if (Object.hasOwn(schema, "const"))
		return [{ ...named, type: typeOfValue(schema.const), schema: { enum: [schema.const] } }];
	if (Array.isArray(schema.type))
		return schema.type.flatMap(type => expand({ ...schema, type }, schemas, name));
	const type = schema.type ?? (schema.enum ? typeOfValue(schema.enum[0]) : "anything");
	return [{ ...named, type, schema }];
}

const alternativesOf = (schema: JsonSchema, schemas: Schemas) =>
	mergeLists(expand(schema, schemas));

const isKindOf = (type: string, of: string) =>
	of === "anything" || type === of || (type === "integer" && of === "number");

const typesOf = (all: readonly Alternative[]) =>
	unique(all.map(({ type }) => type)).join(" or ") || "nothing";

/** The schema of members of an object that it does not name: {} for any value, undefined if there may be none. */
function unnamed({ additionalProperties: more = true }: JsonSchema): JsonSchema | undefined {
	if (more === false) return undefined;
	return more === true ? {} : (more as JsonSchema);
}

export class Comparison {
	readonly #old: Schemas;
	readonly #new: Schemas;
	readonly #direction: Direction;
	/** Each pair of schemas with names once: by their names, so that one may contain itself. */
	readonly #known = new Map<string, Difference[]>();

	constructor(old: Schemas, present: Schemas, direction: Direction) {
		[this.#old, this.#new, this.#direction] = [old, present, direction];
	}

	/** Every difference that breaks somebody. @param path of the place */
	of(old: JsonSchema, present: JsonSchema, path: string): Difference[] {
		const was = alternativesOf(old, this.#old);
		const is = alternativesOf(present, this.#new);
		const isTaken = this.#direction === "taken";
		const [inner, outer] = isTaken ? [was, is] : [is, was];
		const found = inner.flatMap(one => {
			const alike = outer.filter(other => isKindOf(one.type, other.type));
			if (alike.length === 0) return [{ path, what: `is ${typesOf(is)}, was ${typesOf(was)}` }];
			const each = alike.map(other =>
				isTaken ? this.#named(one, other, path) : this.#named(other, one, path)
			);
			return each.reduce((least, other) => (other.length < least.length ? other : least));
		});
		return unique(found) as Difference[];
	}

	#named(was: Alternative, is: Alternative, path: string): Difference[] {
		const name = is.name ?? was.name;
		if (name === undefined) return this.#one(was.schema, is.schema, path);
		const key = [was.name, was.type, is.name, is.type, was.name && is.name ? "" : path].join(" ");
		const known = this.#known.get(key);
		if (known) return known;
		const found: Difference[] = [];
		this.#known.set(key, found);
		found.push(...this.#one(was.schema, is.schema, name));
		return found;
	}

	#one(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		return [
			...this.#defaults(was, is, path),
			...this.#values(was, is, path),
			...this.#limits(was, is, path),
			...this.#members(was, is, path),
			...this.#nested(was, is, path)
		];
	}

	#defaults(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		const isAlike = this.#direction === "given" || show(was.default) === show(is.default);
		return isAlike
			? []
			: [{ path, what: `default is ${show(is.default)}, was ${show(was.default)}` }];
	}

	/** In the order of the direction: the schema of fewer values first. */
	#inOrder<V>(was: V, is: V): [inner: V, outer: V] {
		return this.#direction === "taken" ? [was, is] : [is, was];
	}

	#values(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		const [inner, outer] = this.#inOrder(was.enum, is.enum);
		if (!outer) return [];
		const isTaken = this.#direction === "taken";
		if (!inner)
			return [{ path, what: isTaken ? `takes only ${show(outer)} now` : "may be any value now" }];
		const what = isTaken ? "is not taken any more" : "is a new value";
		return inner
			.filter(value => !outer.includes(value))
			.map(value => ({ path, what: `${show(value)} ${what}` }));
	}

	#limits(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		// What a list of values has beside it says nothing more.
		const [innerValues, outerValues] = this.#inOrder(was.enum, is.enum);
		if (outerValues) return [];
		const isNarrower = (keyword: string) => {
			const [inner, outer] = this.#inOrder(was[keyword], is[keyword]);
			if (outer === undefined || outer === false) return false;
			if (innerValues) return !satisfyLimit(innerValues, keyword, outer);
			if (inner === undefined) return true;
			if (upper.includes(keyword)) return (inner as number) > (outer as number);
			if (lower.includes(keyword)) return (inner as number) < (outer as number);
			return show(inner) !== show(outer);
		};
		return [...upper, ...lower, ...exact].filter(isNarrower).map(keyword => ({
			path,
			what: `${keyword} is ${show(is[keyword])}, was ${show(was[keyword])}`
		}));
	}

	#members(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		if (!was.properties && !is.properties) return [];
		const at = (name: string) => `${path}.${name}`;
		const isTaken = this.#direction === "taken";
		const [inner, outer] = this.#inOrder(was, is);
		const must = outer.required ?? [];
		const gone = Object.keys(was.properties ?? {})
			.filter(name => !is.properties?.[name] && (!isTaken || !unnamed(is)))
			.map(name => ({
				path: at(name),
				what: isTaken ? "is not taken any more" : "is not given any more"
			}));
		const names = gone.map(difference => difference.path);
		const missing = must
			.filter(name => !inner.required?.includes(name) && !names.includes(at(name)))
			.map(name => ({ path: at(name), what: isTaken ? "is required now" : "may be missing now" }));
		const both = Object.keys(is.properties ?? {}).filter(name => was.properties?.[name]);
		return [
			...gone,
			...missing,
			...both.flatMap(name => this.of(was.properties![name]!, is.properties![name]!, at(name)))
		];
	}

	#nested(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		const items = was.items && is.items ? this.of(was.items, is.items, `${path}[]`) : [];
		const [inner, outer] = this.#inOrder(was, is);
		if (outer.items && !inner.items)
			items.push({ path: `${path}[]`, what: `is ${show(is.items)}, was ${show(was.items)}` });
		return [...items, ...this.#others(was, is, path)];
	}

	/** Members by pattern, and all others. */
	#others(was: JsonSchema, is: JsonSchema, path: string): Difference[] {
		const patterns = Object.entries(was.patternProperties ?? {}).flatMap(([pattern, schema]) => {
			const present = is.patternProperties?.[pattern];
			const at = `${path}./${pattern}/`;
			return present ? this.of(schema, present, at) : [{ path: at, what: "is gone" }];
		});
		const [before, now] = [unnamed(was), unnamed(is)];
		if (!before) return patterns;
		const all = `${path}.*`;
		const isAny = now && Object.keys(now).length === 0;
		// Readers ignore members that they do not know, unless these are a map whose values they read.
		const isMap = typeof was.additionalProperties === "object";
		if (this.#direction === "given") {
			if (!isMap) return patterns;
			const others = now
				? this.of(before, now, all)
				: [{ path: all, what: "is not given any more" }];
			return [...patterns, ...others];
		}
		const added = Object.entries(is.properties ?? {}).filter(([name]) => !was.properties?.[name]);
		return [
			...patterns,
			...(now
				? isAny
					? []
					: this.of(before, now, all)
				: [{ path: all, what: "is not taken any more" }]),
			...added.flatMap(([name, schema]) => this.of(before, schema, `${path}.${name}`))
		];
	}
}
