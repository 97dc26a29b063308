import { execFile } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { promisify } from "node:util";
import type { Order } from "../../../contracts/order.ts";
import { bearer, Client } from "../../support/shop/api-client.ts";
import { until } from "../../support/until.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";
import { address } from "../../support/shop/orders.ts";

const run = promisify(execFile);

/** The curl command of README, word for word. */
const firstLines = [
	`curl http://localhost:8080/health`,
	`curl http://localhost:8080/api/v1/products`,
	`curl -X POST http://localhost:8080/api/v1/orders -H "Content-Type: application/json" -d '{"user_id": "user-123",
      "items": [{"product_id": "prod-001", "quantity": 2}], "shipping_address": {"street": "123 Main St", "city": "SF",
      "state": "CA", "zip": "94105", "country": "US"}}'`,
	`curl http://localhost:8080/metrics`
];

const order = {
	items: [{ product_id: "prod-001", quantity: 1 }],
	shipping_address: address
};

/** Sends neither a token nor a proxy's header. */
const newcomer = (shop: Shop) => new Client(shop.url());

export function demoTests(shop: Shop): void {
	describe("demo mode", () => {
		it.each(firstLines)("answers %s", async line => {
			const pasted = line.replace(
				"http://localhost:8080",
				shop.url().replace("127.0.0.1", "localhost")
			);
			const { stdout } = await run("sh", ["-c", `${pasted} -s -w '\\n%{http_code}'`]);
			expect(stdout.split("\n").at(-1)).toMatch(/^20[01]$/);
		});

		it("acts as a customer, and says so", async () => {
			const { status, body, headers } = await newcomer(shop).get("/api/v1/users/me");
			expect([status, body.id]).toEqual([200, "user-123"]);
			expect(headers.get("x-demo-mode")).toBe("acting as user-123");
		});

		it("adds a key and a payment method, and says so", async () => {
			const answer = await newcomer(shop).post<Order>("/api/v1/orders", order, { key: null });
			expect([answer.status, answer.body.user_id]).toEqual([201, "user-123"]);
			expect(answer.headers.get("x-demo-mode")).toBe(
				"acting as user-123; idempotency key generated; paid with pm_card_visa"
			);
			const path = answer.headers.get("location")!;
			await until(async () => (await newcomer(shop).get(path)).body.status === "confirmed");
		});

		it("gives no more than a customer's rights", async () => {
			const { status, headers } = await newcomer(shop).get("/api/v1/users");
			expect([status, headers.get("x-demo-mode")]).toEqual([403, "acting as user-123"]);
			expect(
				(await newcomer(shop).post("/api/v1/orders", { ...order, user_id: "user-456" })).status
			).toBe(403);
		});

		it("does not apply to requests with a token, even an invalid one", async () => {
			const wrong = new Client(shop.url(), bearer("a.b.c"));
			expect((await wrong.get("/api/v1/orders")).status).toBe(401);
			const { headers } = await shop.as("alice").get("/api/v1/orders");
			expect(headers.get("x-demo-mode")).toBeNull();
			expect((await shop.as("alice").post("/api/v1/orders", order)).status).toBe(422);
		});

		/** As a browser or a proxy sends it: `fetch` would not let a test set all of these headers. */
		async function statusOf(headers: Record<string, string>, path = "/api/v1/users/me") {
			const req = httpRequest(`${shop.url()}${path}`, { headers }).end();
			const [res] = (await once(req, "response")) as [IncomingMessage];
			res.resume();
			return res.statusCode;
		}

		it.each<Record<string, string>>([
			{ "x-forwarded-for": "192.0.2.1" },
			{ forwarded: "for=192.0.2.1" },
			{ via: "1.1 proxy" },
			{ "x-real-ip": "192.0.2.1" },
			{ "x-forwarded-host": "shop.example" },
			{ host: "rebound.example" },
			{ host: "localhost:1" },
			{ "sec-fetch-site": "cross-site" },
			{ "sec-fetch-site": "same-site" },
			{ origin: "https://evil.example" },
			{ origin: "null" }
		])("does not apply to a request with %j", async headers => {
			expect(await statusOf({})).toBe(200);
			expect(await statusOf(headers)).toBe(401);
			expect(await statusOf({}, "/dev/mailbox")).toBe(200);
			expect(await statusOf(headers, "/dev/mailbox")).toBe(404);
		});

		it("orders nothing for a page of another origin", async () => {
			const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
			const page = new Client(shop.url(), headers);
			expectProblem(await page.post("/api/v1/orders", order, { key: null }), "UNAUTHENTICATED");
		});
	});
}
