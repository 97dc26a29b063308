import { inspect, types } from "node:util";
import { isSecretName, maskedText } from "./masked-text.ts";

const shown = {
	depth: 3,
	maxArrayLength: 20,
	maxStringLength: 1000,
	breakLength: Infinity,
	compact: true
} as const;

/** More of a value is not looked at: objects that all lead to each other would be shown in each other without end. */
const mostMembers = 1000;

const isLeaf = (value: unknown): boolean =>
	value === null ||
	typeof value !== "object" ||
	types.isProxy(value) ||
	types.isDate(value) ||
	types.isRegExp(value) ||
	ArrayBuffer.isView(value);

/** Not all of it is looked at: a list may have millions of elements, and a member a getter. */
function* firstOf(elements: Iterable<unknown>, most: number): Generator<unknown> {
	let left = most;
	for (const one of elements) {
		if (left-- <= 0) return;
		yield one;
	}
}

function* membersOf(object: Record<string, unknown>): Generator<[string, unknown]> {
	for (const name in object) if (Object.hasOwn(object, name)) yield [name, object[name]];
}

/** Masked before `inspect` cuts it: half a token is no token to its mask. */
const shownText = (text: string) =>
	text.length > shown.maxStringLength ? maskedText(text.slice(0, 4 * shown.maxStringLength)) : text;

/** A copy of a value as a tree of bounded size without its secrets, for `inspect`. */
class ShownCopy {
	#left = mostMembers;
	readonly #above = new Set<object>();

	of(value: unknown): unknown {
		if (typeof value === "string") return shownText(value);
		if (isLeaf(value)) return value;
		// Members of an error are those of a driver: SQL, and data of customers.
		if (types.isNativeError(value)) return `[${value.name}: ${value.message}]`;
		if (value instanceof URL) return value.href;
		const object = value as object;
		if (this.#above.has(object)) return "[Circular]";
		// What inspect does not show may stay as it is.
		if (this.#above.size > shown.depth) return object;
		this.#above.add(object);
		const copy = this.#copied(object);
		this.#above.delete(object);
		return copy;
	}

	#copied(object: object): unknown {
		if (Array.isArray(object) || object instanceof Set)
			return Array.from(firstOf(object, shown.maxArrayLength + 1), one => this.#member("", one));
		if (object instanceof Map) return new Map(this.#members(object));
		return Object.fromEntries(this.#members(membersOf(object as Record<string, unknown>)));
	}

	#members(entries: Iterable<[unknown, unknown]>): [string, unknown][] {
		const members: [string, unknown][] = [];
		for (const [name, own] of entries) {
			if (this.#left <= 0) return [...members, ["…", "…"]];
			members.push([String(name), this.#member(String(name), own)]);
		}
		return members;
	}

	#member(name: string, own: unknown): unknown {
		if (this.#left-- <= 0) return "…";
		return isSecretName(name) ? "***" : this.of(own);
	}
}

/** A value of any kind as a text; never throws. */
export function printedValue(value: unknown): string {
	if (typeof value === "string") return value;
	try {
		return inspect(new ShownCopy().of(value), shown);
	} catch {
		return "[a value that cannot be shown]";
	}
}
