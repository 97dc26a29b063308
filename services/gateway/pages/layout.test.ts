import { pageOrJson } from "./layout.ts";

describe("the answer to an Accept header", () => {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
	it.each<[string | undefined, "page" | "json"]>([
		[browser, "page"],
		["text/html", "page"],
		["TEXT/HTML; charset=utf-8", "page"],
		["application/json", "json"],
		["application/json, text/html;q=0.5", "json"],
		["text/html, application/json;q=0.5", "page"],
		["text/html;q=0, */*", "json"],
		["*/*", "json"],
		["", "json"],
		["nonsense;q", "json"],
		[undefined, "json"]
	])("%s: %s", (accept, expected) => {
		const { type, body } = pageOrJson(accept, {
			asPage: () => ({ type: "text/html; charset=utf-8", body: "page" }),
			asJson: { about: "json" }
		});
		expect(body).toBe(expected === "page" ? "page" : '{"about":"json"}');
		expect(type).toContain(expected === "page" ? "text/html" : "application/json");
	});
});
