import { type Refused, refusalLines } from "./refusal.ts";

const unknown = "A product does not exist or is no longer sold";
const issue = (n: number) => ({
	pointer: `/items/${n}/product_id`,
	code: "unknown-product",
	detail: "does not exist or is no longer sold"
});

it.each<[refused: Refused, lines: string[]]>([
	[{ message: "Not found" }, ["Not found"]],
	[{ message: "Not found", data: {} }, ["Not found"]],
	[
		{ message: "Not found", data: { detail: "No saga is running" } },
		["Not found: No saga is running"]
	],
	[{ message: "Not found", data: { detail: "Not found" } }, ["Not found"]],
	[
		{ message: unknown, data: { errors: [issue(0), issue(2)] } },
		[
			unknown,
			"  /items/0/product_id does not exist or is no longer sold",
			"  /items/2/product_id does not exist or is no longer sold"
		]
	],
	[
		{
			message: "The request is not valid",
			data: [{ pointer: "", code: "required", detail: "must have items" }]
		},
		["The request is not valid", "  must have items"]
	]
])("the refusal %j is printed as %j", (refused, lines) => {
	expect(refusalLines(refused)).toEqual(lines);
});
