import { readAnswer, UnexpectedResponse } from "./answer.ts";

const answer = (status: number, body: string | null, type = "application/json") =>
	Object.defineProperty(new Response(body, { status, headers: { "content-type": type } }), "url", {
		value: "http://127.0.0.1:9/api/v1/ops/outbox?x=1"
	});

it.each<[body: unknown, sentence: string]>([
	[undefined, "GET /a was answered 422"],
	[{ title: "Invalid input" }, "GET /a was answered 422 Invalid input"],
	[{ title: "Invalid input", detail: "Not so." }, "GET /a was answered 422 Invalid input: Not so."],
	[
		{ title: "Invalid input", errors: [{ pointer: "/from", detail: "must be an instant" }] },
		"GET /a was answered 422 Invalid input: /from must be an instant"
	],
	[
		{
			title: "Invalid input",
			detail: "Two are wrong",
			errors: [
				{ parameter: "limit", detail: "must be <= 100" },
				{ pointer: "", detail: "must have from" }
			]
		},
		"GET /a was answered 422 Invalid input: Two are wrong: limit must be <= 100; must have from"
	],
	[{ title: "Odd", errors: "text" }, "GET /a was answered 422 Odd"]
])("a problem %j is the sentence %j", (body, sentence) => {
	expect(new UnexpectedResponse("GET /a", 422, body).message).toBe(sentence);
});

it.each<[status: number, body: string | null, type: string, isShop: boolean]>([
	[200, "{}", "application/json", true],
	[204, null, "", true],
	[404, '{"title":"Not found"}', "application/problem+json", true],
	[503, "<html>", "text/html", true],
	[502, "", "text/plain", true],
	[200, "<html>", "text/html", false],
	[404, "<html>", "text/html", false],
	[404, '{"error":"no such path"}', "application/json", false],
	[404, "null", "application/json", false],
	[500, "", "text/plain", false]
])("%i with %j (%s) is of a shop: %s", async (status, body, type, isShop) => {
	const read = readAnswer(answer(status, body, type));
	if (isShop) await expect(read).resolves.toMatchObject({ status });
	else
		await expect(read).rejects.toThrow(
			`The server at http://127.0.0.1:9 is no shop: it answered ${status} (${type}) for /api/v1/ops/outbox.`
		);
});
