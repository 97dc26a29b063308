import { homePage } from "./home.ts";
import { problemTypePage, problemTypesPage } from "./problem-types.ts";
import { toProblem } from "../../../http/problem.ts";
import { errorTable, Failure, slug, type ErrorCode } from "../../../lib/errors.ts";

const facts = {
	demo: true,
	publicUrl: "https://shop.example",
	metricsPort: undefined,
	shop: { name: "Tom & Jerry" },
	mail: { driver: "mailbox" },
	sms: { driver: "mailbox" }
} as const;
const jsonOf = ({ body }: { body: string | Uint8Array }) => JSON.parse(String(body));

describe("the page at /", () => {
	it("names the accounts of the demo, in demo mode only", () => {
		const demo = jsonOf(homePage("application/json", "1.2.3", facts));
		expect(demo.demo).toMatchObject({ password: "demo-Password-1" });
		expect(demo.demo.accounts).toContainEqual({
			id: "user-admin",
			email: "admin@shop.test",
			role: "admin"
		});
		const without = JSON.stringify(jsonOf(homePage(undefined, "1.2.3", { ...facts, demo: false })));
		expect(without).not.toMatch(/demo|mailbox|shop\.test/);
	});

	it.each([
		["mailbox", "mailbox", "mails and text messages that would have been sent"],
		["mailbox", "none", "mails that would have been sent"],
		["ses", "mailbox", "text messages that would have been sent"],
		["smtp", "sns", undefined]
	] as const)("with mails by %s and text messages by %s it offers %s", (mail, sms, about) => {
		const all = { ...facts, mail: { driver: mail }, sms: { driver: sms } };
		const html = String(homePage("text/html", "1", all).body);
		expect(/<a href="[^"]*\/dev\/mailbox">/.test(html)).toBe(about !== undefined);
		if (about) expect(html).toContain(about);
	});

	it("offers requests without a token only where the demo takes them", () => {
		const commandsAt = (publicUrl: string, demo = true) =>
			JSON.stringify(jsonOf(homePage(undefined, "1", { ...facts, demo, publicUrl })).try);
		expect(commandsAt("http://localhost:8080")).toContain("shipping_address");
		expect(commandsAt("http://127.0.0.1:8080")).toContain("shipping_address");
		for (const elsewhere of ["https://shop.example", "http://localhost.example"])
			expect(commandsAt(elsewhere)).toContain("Bearer");
		expect(commandsAt("http://localhost:8080", false)).toContain("Bearer");
	});

	it("leads to PUBLIC_URL, with three requests to try", () => {
		const { links, try: commands } = jsonOf(homePage(undefined, "1.2.3", facts));
		expect(links.docs).toBe("https://shop.example/docs");
		expect(commands).toHaveLength(3);
		for (const command of commands) expect(command).toMatch(/^curl .*https:\/\/shop\.example\//);
	});

	it("hides metrics that have a port of their own", () => {
		expect(jsonOf(homePage(undefined, "1", facts)).links.metrics).toBeDefined();
		expect(
			jsonOf(homePage(undefined, "1", { ...facts, metricsPort: 9 })).links.metrics
		).toBeUndefined();
	});

	it("is a page for a browser, with the shop's name as text", () => {
		const { body } = homePage("text/html", "1.2.3", facts);
		expect(body).toContain("<h1>Tom &amp; Jerry</h1>");
		expect(body).toContain('href="/docs"');
	});
});

describe("the page of a problem", () => {
	it.each(Object.keys(errorTable) as ErrorCode[])("%s: its type leads there", code => {
		const { type, status, title } = JSON.parse(toProblem(new Failure(code), "id").body);
		expect(new URL(type).pathname).toBe(`/problems/${slug(code)}`);
		const explained = jsonOf(problemTypePage("application/json", slug(code)));
		expect(explained).toMatchObject({ type, status, title, code: slug(code) });
		expect(explained.advice).toMatch(/^[A-Z].{15,}\.$/s);
		expect(problemTypePage("text/html", slug(code)).body).toContain("All problems");
	});

	it("names the operations that answer so", () => {
		const { operations } = jsonOf(problemTypePage(undefined, "duplicate-sku"));
		expect(operations).toContain("POST /api/v1/products");
	});

	it("is listed", () => {
		const { problems } = jsonOf(problemTypesPage(undefined));
		expect(problems).toHaveLength(Object.keys(errorTable).length);
		expect(problemTypesPage("text/html").body).toContain('href="/problems/timeout"');
	});
});
