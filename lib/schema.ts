import { Type as T, type Static, type TObject, type TSchema } from "@sinclair/typebox";

export { T };
export type { Static, TObject, TSchema };

export const roles = ["customer", "support", "admin"] as const;
export type Role = (typeof roles)[number];

/**
 * Who may call an action.
 * - `"anyone"`: no identity needed
 * - `"internal"`: services only; never reachable through the gateway
 * - a list of roles: `ctx.meta.user` must hold one of them
 */
export type Access = "anyone" | "internal" | readonly Role[];

export interface ActionSpec<P extends TObject = TObject, R extends TSchema = TSchema> {
	/** One sentence for the API description. */
	readonly summary: string;
	/** A query may be retried by its caller; a command never is, outside the saga. */
	readonly kind: "query" | "command";
	readonly access: Access;
	readonly params: P;
	readonly returns: R;
	/** Overrides the broker's request timeout for this action. */
	readonly timeoutMs?: number;
	/** Calls are limited by the network of the client: the gateway passes it in `meta.network`. */
	readonly perNetwork?: true;
}

/** An action as other services see it: its full name and its definition. */
export type ActionContract<S extends ActionSpec = ActionSpec> = S & { readonly name: string };

export type Actions = Record<string, ActionSpec>;

export interface Contract<A extends Actions = Actions> {
	readonly name: string;
	readonly actions: { readonly [K in keyof A]: ActionContract<A[K]> };
}

/** Declares a service's contract, from which handler types, validation and API documents are derived. */
export function contract<const A extends Actions>(name: string, actions: A): Contract<A> {
	const named = Object.entries(actions).map(([key, spec]) => [
		key,
		Object.freeze({ ...spec, name: `${name}.${key}` })
	]);
	return Object.freeze({ name, actions: Object.freeze(Object.fromEntries(named)) });
}

/**
 * A broker event that makes somebody look earlier. A hint may be lost, duplicated or late: its receiver reads
 * the current state, and losing all hints only makes things slower.
 */
export interface Hint<D extends TObject = TObject> {
	readonly name: string;
	readonly data: D;
}

/** Declares a hint; only contracts do. `emitHint` and `onHint` of lib/service.ts take it. */
export function hint<D extends TObject>(name: string, data: D): Hint<D> {
	return Object.freeze({ name, data });
}

/** An object that refuses unknown members: the only kind of object a contract may hold. */
export function strictObject<P extends Record<string, TSchema>>(
	properties: P,
	options: { title?: string; description?: string } = {}
): TObject<P> {
	return T.Object(properties, { additionalProperties: false, ...options });
}

/**
 * The schema for data of a later version, which may have more members. Plain JSON, without the types of its values.
 */
export function withUnknownMembers(schema: TSchema): TSchema {
	const isClosed = (name: string, value: unknown) =>
		name === "additionalProperties" && value === false;
	const text = JSON.stringify(schema, (name, value) => (isClosed(name, value) ? undefined : value));
	return JSON.parse(text) as TSchema;
}

/** A closed list of values. Plain `enum`, because it reads best in OpenAPI. */
export function oneOf<const V extends readonly string[]>(
	values: V,
	options: { description?: string } = {}
) {
	return T.Unsafe<V[number]>({ type: "string", enum: [...values], ...options });
}

/** The schema or `null`, as one `anyOf`. */
export function nullable<S extends TSchema>(schema: S) {
	return T.Union([schema, T.Null()]);
}
