/** The format of Stripe's clients: `metadata[order_id]=o&expand[0]=latest_charge`, nested by brackets. */
export type Form = { [name: string]: string | Form };

const deepest = 5;

/** Parses a form or a query. Names like `__proto__` are treated as plain names. */
export function readForm(text: string): Form {
	const form: Form = Object.create(null) as Form;
	for (const [name, value] of new URLSearchParams(text)) put(form, pathOf(name), value);
	return form;
}

function pathOf(name: string): string[] {
	const [head = "", ...rest] = name.split("[");
	return [head, ...rest.map(part => part.replace(/\]$/, ""))].slice(0, deepest);
}

function put(form: Form, [name = "", ...rest]: string[], value: string): void {
	// `expand[]=a&expand[]=b`: a list without numbers.
	const key = name === "" ? String(Object.keys(form).length) : name;
	if (rest.length === 0) return void (form[key] = value);
	const inner = form[key];
	const next = typeof inner === "object" ? inner : (Object.create(null) as Form);
	form[key] = next;
	put(next, rest, value);
}

export function textOf(form: Form, name: string): string | undefined {
	const value = form[name];
	return typeof value === "string" ? value : undefined;
}

/** The texts of a nested object; deeper ones are omitted. */
export function textsOf(form: Form, name: string): Record<string, string> {
	const inner = form[name];
	if (typeof inner !== "object") return {};
	const texts = Object.entries(inner).filter(([, value]) => typeof value === "string");
	return Object.fromEntries(texts) as Record<string, string>;
}

/** The same text for two forms with the same parameters in another order. */
export function canonical(value: Form | string): string {
	if (typeof value === "string") return JSON.stringify(value);
	const members = Object.keys(value).sort();
	return `{${members.map(name => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join()}}`;
}
