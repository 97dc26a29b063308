import type { TObject } from "../../lib/schema.ts";
import { strictObject } from "../../lib/schema.ts";
import { routes, type Route } from "./routes.ts";

/** Parameters that come from a header, in any action with such a parameter. */
export const headerOf = {
	accept: "Accept",
	idempotency_key: "Idempotency-Key",
	version: "If-Match",
	wait_s: "Prefer",
	signature: "Stripe-Signature",
	last_event_id: "Last-Event-ID"
} as const;
export type HeaderParameter = keyof typeof headerOf;

/** A route with its parameters grouped by source. */
export interface Operation extends Route {
	readonly tag: string;
	readonly inPath: TObject;
	readonly inQuery: TObject;
	readonly inHeaders: readonly HeaderParameter[];
	/** Undefined for methods without a body, and if it is passed on unparsed. */
	readonly inBody: TObject | undefined;
}

const isHeader = (name: string): name is HeaderParameter => Object.hasOwn(headerOf, name);

/** @throws Error when the route would expose an internal action */
export function toOperation(tag: string, route: Route): Operation {
	const { action, method, path, payload, omit = [] } = route;
	if (action.access === "internal")
		throw new Error(`${action.name} is internal: no route may call it`);
	const { properties } = action.params;
	const segments = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]!);
	const unknown = segments.find(name => !properties[name]);
	if (unknown) throw new Error(`${action.name} has no parameter ${unknown} for ${path}`);

	const offered = Object.keys(properties).filter(name => name !== payload && !omit.includes(name));
	const rest = offered.filter(name => !segments.includes(name) && !isHeader(name));
	const only = (names: string[]) =>
		strictObject(Object.fromEntries(names.map(name => [name, properties[name]!])));
	const hasBody = !payload && (method === "POST" || method === "PUT" || method === "PATCH");
	return {
		...route,
		tag,
		inPath: only(segments),
		inQuery: only(hasBody ? [] : rest),
		inHeaders: offered.filter(name => isHeader(name)),
		inBody: hasBody ? only(rest) : undefined
	};
}

export const operations: readonly Operation[] = Object.entries<readonly Route[]>(routes).flatMap(
	([tag, list]) => list.map(route => toOperation(tag, route))
);

/** The operations of each path, in the order of the table. */
export const paths: ReadonlyMap<string, readonly Operation[]> = Map.groupBy(
	operations,
	operation => operation.path
);

/** The `Allow` header of a path (RFC 9110, section 10.2.1). */
export function allowed(path: string): string {
	const methods = paths.get(path)!.map(operation => operation.method as string);
	return (
		methods.includes("GET") ? ["GET", "HEAD", ...methods.filter(m => m !== "GET")] : methods
	).join(", ");
}
