import { canonical, readForm, textOf, textsOf } from "./form.ts";

describe("a form", () => {
	it("nests by brackets, with and without numbers", () => {
		const form = readForm(
			"amount=1&metadata[a]=x&metadata[b]=y&expand[]=p&expand[]=q&created[gte]=5"
		);
		expect(JSON.parse(JSON.stringify(form))).toEqual({
			amount: "1",
			metadata: { a: "x", b: "y" },
			expand: { 0: "p", 1: "q" },
			created: { gte: "5" }
		});
	});

	it("decodes names and values", () => {
		expect(textsOf(readForm("metadata%5Ba%5D=%C3%A9+%26"), "metadata")).toEqual({ a: "é &" });
	});

	it.each([
		"__proto__[admin]=1",
		"constructor[prototype][admin]=1",
		"metadata[__proto__][admin]=1"
	])("pollutes no prototype: %s", text => {
		const form = readForm(text);
		expect(({} as Record<string, unknown>).admin).toBeUndefined();
		expect(textOf(form, "toString")).toBeUndefined();
	});

	it("has the same canonical text in any order, and another with another value", () => {
		const of = (text: string) => canonical(readForm(text));
		expect(of("a=1&m[x]=1&m[y]=2")).toBe(of("m[y]=2&a=1&m[x]=1"));
		expect(of("a=1&m[x]=1")).not.toBe(of("a=1&m[x]=2"));
		expect(of("a=1&b=2")).not.toBe(of('a=1","b":"2'));
	});

	it("limits the nesting", () => {
		expect(() => canonical(readForm(`a${"[b]".repeat(5000)}=1`))).not.toThrow();
	});
});
