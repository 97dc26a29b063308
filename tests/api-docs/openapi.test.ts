import { Validator } from "@seriousme/openapi-schema-validator";
import { openApiDocument } from "../../services/gateway/api-docs/openapi.ts";
import { read } from "../../scripts/generated-files.ts";
import { openApiRules, violations, type OpenApi } from "./openapi.rules.ts";

const committed = () => JSON.parse(read("docs/openapi.json")!) as OpenApi;

async function faultsOf(document: OpenApi): Promise<string[]> {
	const { valid, errors } = await new Validator().validate(document);
	if (valid) return [];
	const found = typeof errors === "string" ? [{ instancePath: "", message: errors }] : errors!;
	return found.map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

describe("docs/openapi.json", () => {
	it("is valid OpenAPI 3.1, by the schema of the OpenAPI Initiative", async () => {
		expect(await faultsOf(committed())).toEqual([]);
	});

	it("would be invalid with a path parameter that is not required", async () => {
		const document = committed();
		document.paths["/api/v1/users/{id}"]!.get!.parameters![0]!.required = false;
		expect(await faultsOf(document)).toContainEqual(
			expect.stringContaining("/paths/~1api~1v1~1users~1{id}/get/parameters/0/required")
		);
	});

	it.each(Object.keys(openApiRules))("keeps the rule: %s", name => {
		expect(violations(committed(), name)).toEqual([]);
	});
});

describe("a rule of the API description", () => {
	const path = "/api/v1/orders/{id}/cancel";
	const ship = (document: OpenApi) => document.paths["/api/v1/orders/{id}/ship"]!.post!;
	const cancel = (document: OpenApi) => document.paths[path]!.post!;

	it.each<[name: string, plant: (document: OpenApi) => void, found: string]>([
		[
			"an operationId names one operation",
			document => (cancel(document).operationId = "getOrder"),
			"getOrder is the name of 2 operations"
		],
		[
			"a path and its parameters have the same names",
			document => (cancel(document).parameters![0]!.name = "order_id"),
			`cancelOrder: ${path} has the parameters order_id`
		],
		[
			"an operation has a summary, a tag and its security",
			document => (cancel(document).tags = ["order"]),
			"cancelOrder has no tag of the list"
		],
		[
			"a refusal is a problem",
			document => (cancel(document).responses["409"]!.content = { "application/json": {} }),
			"cancelOrder 409 is application/json"
		],
		[
			"an operation says who may call it, and its 403 which role is needed",
			document => (cancel(document).description = "For customers."),
			"cancelOrder does not say who may call it"
		],
		[
			"an operation says who may call it, and its 403 which role is needed",
			document => {
				const { content } = ship(document).responses["403"]!;
				const forbidden = { $ref: "#/components/examples/not-found" };
				content!["application/problem+json"]!.examples = { forbidden };
				document.components.examples["not-found"]!.value = { detail: "No", required_roles: [] };
			},
			"shipOrder: its 403 does not name the role that is needed"
		],
		[
			"each body, needed parameter and answer has examples, which are valid",
			document => (cancel(document).parameters![0]!.example = "1"),
			"cancelOrder: id has an invalid example"
		],
		[
			"each body, needed parameter and answer has examples, which are valid",
			document => delete cancel(document).responses["202"]!.content!["application/json"]!.example,
			"cancelOrder: 202 application/json has no example"
		]
	])("finds a violation of: %s", (name, plant, found) => {
		const document = structuredClone(openApiDocument()) as unknown as OpenApi;
		plant(document);
		expect(violations(document, name)).toEqual([found]);
	});
});
