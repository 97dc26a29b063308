import { textOf, type Form } from "./form.ts";
import { missing, wrong } from "./stripe-errors.ts";

const mostPerPage = 100;

function limitOf(form: Form): number {
	const text = textOf(form, "limit") ?? "10";
	const limit = Number(text);
	if (!/^\d+$/.test(text) || limit < 1 || limit > mostPerPage)
		throw wrong("limit", "This value must be from 1 to 100.", "parameter_invalid_integer");
	return limit;
}

/**
 * One page of Stripe's lists: newest first, after the object `starting_after`.
 * @param items in the order of creation
 * @throws Refusal
 */
export function page<I>(
	items: readonly I[],
	idOf: (item: I) => string,
	form: Form,
	url: string,
	show: (item: I) => unknown
) {
	const newest = items.toReversed();
	const after = textOf(form, "starting_after");
	const from = after === undefined ? 0 : newest.findIndex(item => idOf(item) === after) + 1;
	if (after !== undefined && from === 0) throw missing("object", after, "starting_after", 400);
	const limit = limitOf(form);
	const data = newest.slice(from, from + limit).map(show);
	return { object: "list", url, has_more: newest.length > from + limit, data };
}

/** The items not older than `created[gte]` (Unix seconds). */
export function createdSince<I>(items: Iterable<I>, atOf: (item: I) => string, form: Form): I[] {
	const { created } = form;
	const since = typeof created === "object" ? Number(textOf(created, "gte") ?? 0) : 0;
	const found: I[] = [];
	for (const item of items)
		if (Math.floor(Date.parse(atOf(item)) / 1000) >= since) found.push(item);
	return found;
}
