import { accounts } from "../../../db/seed/accounts.ts";
import { products } from "../../../db/seed/products.ts";
import { strictObject, T, type TSchema } from "../../../lib/schema.ts";
import { coerce, validate } from "../../../lib/validator.ts";
import { exampleValues } from "./example-values.ts";
import {
	exampleAnswer,
	exampleDocument,
	exampleJson,
	exampleOf,
	exampleRequest,
	missingExamples
} from "./examples.ts";
import { operations, type Operation } from "../operations.ts";

const named = operations.map(operation => [operation.id, operation] as const);

const resultOf = ({ action, member }: Operation) =>
	(member ? action.returns.properties[member] : action.returns) as TSchema;
const statusesOf = ({ status = 200, unless }: Operation) =>
	unless ? [status, unless.status] : [status];

describe.each(named)("the example of %s", (_, operation) => {
	const { inPath, inHeaders, inBody, payload, action, media, json, unless } = operation;

	it("is a request that the gateway takes", () => {
		const { path, headers, body } = exampleRequest(operation);
		expect(coerce(inPath, path)).toEqual([]);
		if (inBody) expect(validate(inBody, body)).toEqual([]);
		if (payload) expect(body).toBeDefined();
		for (const name of inHeaders.filter(name => action.params.required?.includes(name)))
			expect(validate(action.params.properties[name]!, headers[name])).toEqual([]);
	});

	if (media)
		it("has the beginning of each document", () => {
			for (const type of media.filter(type => !/^(image|application)\//.test(type)))
				expect(exampleDocument(type)).toMatch(/\n$/);
			if (json) expect(validate(json, exampleJson(json))).toEqual([]);
		});
	else
		it.each(statusesOf(operation))("is a %i that the action may return", status => {
			const answer = exampleAnswer(operation, status);
			expect(validate(resultOf(operation), answer)).toEqual([]);
			if (unless) expect(unless.when(answer)).toBe(status === unless.status);
		});
});

describe("the values of examples", () => {
	it("are those of the demo", () => {
		const { id, sku, name, price_minor } = products[0]!;
		expect([
			exampleValues["Product.id"],
			exampleValues.sku,
			exampleValues["Product.name"],
			exampleValues.price
		]).toEqual([id, sku, name, { amount: price_minor, currency: "USD" }]);
		const archived = products.find(({ id }) => id === exampleValues["archiveProduct.id"])!;
		expect(exampleValues["archiveProduct.name"]).toBe(archived.name);
		const alice = accounts.find(({ email }) => email === exampleValues.email)!;
		expect([alice.id, alice.name]).toEqual([exampleValues.user_id, exampleValues["User.name"]]);
	});

	const all = () =>
		operations.map(operation => [
			exampleRequest(operation),
			operation.json ? exampleJson(operation.json) : [],
			operation.media ? [] : statusesOf(operation).map(status => exampleAnswer(operation, status))
		]);

	function changesWithout(name: string): boolean {
		const values = exampleValues as Record<string, unknown>;
		const before = JSON.stringify(all());
		const value = values[name];
		delete values[name];
		try {
			return JSON.stringify(all()) !== before;
		} catch {
			return true;
		} finally {
			values[name] = value;
		}
	}

	it("are all used", () => {
		expect(Object.keys(exampleValues).filter(name => !changesWithout(name))).toEqual([]);
	});

	it("have to be stated for each text: a new one is named", () => {
		const Parrot = strictObject({ cry: T.String() }, { title: "Parrot" });
		const example = exampleOf(Parrot, "parrot", []);
		expect(missingExamples({ examples: [example, { again: example }] })).toEqual(["cry of Parrot"]);
	});
});
