import { Ajv2020 } from "ajv/dist/2020.js";
import formatsPlugin from "ajv-formats";
import { errorTable } from "../../../lib/errors.ts";
import { missingExamples } from "./examples.ts";
import { errorCodesOf, openApiDocument } from "./openapi.ts";
import { operations } from "../operations.ts";

type Json = Record<string, unknown>;

const document = openApiDocument() as {
	openapi: string;
	paths: Record<string, Record<string, Json & { responses: Record<string, Json> }>>;
	components: { schemas: Record<string, Json> };
};
const described = Object.values(document.paths).flatMap(path => Object.values(path));

function collect(value: unknown, found: (object: Json) => void): void {
	if (typeof value !== "object" || value === null) return;
	found(value as Json);
	for (const member of Object.values(value)) collect(member, found);
}

describe("the API description", () => {
	it("describes every operation with a unique name", () => {
		expect(document.openapi).toBe("3.1.0");
		expect(described.map(({ operationId }) => operationId).sort()).toEqual(
			operations.map(({ id }) => id).sort()
		);
		expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(operations.length);
	});

	it("states an example of each text", () => {
		expect(missingExamples(openApiDocument())).toEqual([]);
	});

	it("has no broken references", () => {
		const references: string[] = [];
		collect(document, ({ $ref }) => typeof $ref === "string" && references.push($ref));
		expect(references.length).toBeGreaterThan(100);
		const known = Object.entries(document.components).flatMap(([kind, named]) =>
			Object.keys(named).map(name => `#/components/${kind}/${name}`)
		);
		for (const reference of references) expect(known).toContain(reference);
	});

	it("contains the shop's resources", () => {
		expect(Object.keys(document.components.schemas)).toEqual(
			expect.arrayContaining(["Product", "Order", "Payment", "User", "Money", "Problem", "Health"])
		);
	});

	it("has schemas that a strict validator compiles", () => {
		const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
		(formatsPlugin as unknown as typeof formatsPlugin.default)(ajv);
		for (const format of ["currency", "country", "idn-email"]) ajv.addFormat(format, true);
		ajv.addKeyword("components");
		ajv.addSchema({ $id: "api", components: document.components });
		for (const name of Object.keys(document.components.schemas))
			expect(ajv.getSchema(`api#/components/schemas/${name}`)).toBeInstanceOf(Function);
	});

	it("allows no undescribed members in responses", () => {
		for (const [name, schema] of Object.entries(document.components.schemas))
			if (schema.type === "object" && schema.properties)
				expect([name, schema.additionalProperties]).toEqual([name, false]);
	});

	it("states a success, the errors and the security of every operation", () => {
		for (const { operationId, responses, security } of described) {
			const statuses = Object.keys(responses);
			expect([operationId, statuses.some(status => status.startsWith("2"))]).toEqual([
				operationId,
				true
			]);
			expect(statuses).toEqual(expect.arrayContaining(["400", "401", "422", "500", "503", "504"]));
			expect(security).toBeDefined();
		}
	});

	it("mentions every error code that an operation can return", () => {
		const documented = new Set(operations.flatMap(errorCodesOf));
		const missing = Object.keys(errorTable).filter(code => !documented.has(code as never));
		expect(missing).toEqual([
			"METHOD_NOT_ALLOWED",
			"METHOD_NOT_IMPLEMENTED",
			"MALFORMED_REQUEST",
			"REQUEST_TOO_SLOW",
			"HEADERS_TOO_LARGE",
			"EXPECTATION_FAILED"
		]);
	});
});
