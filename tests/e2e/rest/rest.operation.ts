import { serviceNames } from "../../../config/index.ts";
import { until } from "../../support/until.ts";
import type { Shop } from "./rest.suite.ts";

/** Operational endpoints. */
export function operationTests(shop: Shop): void {
	describe("health", () => {
		it("is ok when all parts are up", async () => {
			await until(async () => (await shop.as("anonymous").get("/health")).body.status === "ok");
			const { status, body } = await shop.as("anonymous").get("/health");
			expect([status, body]).toEqual([200, { status: "ok", version: expect.any(String) }]);
		});

		it("shows details to admins only", async () => {
			const parts = [...serviceNames];
			const up = Object.fromEntries(parts.map(part => [part, "up"]));
			expect((await shop.as("admin").get("/health")).body.checks).toEqual(up);
			for (const caller of ["support", "alice", "anonymous"] as const)
				expect(Object.keys((await shop.as(caller).get("/health")).body)).toEqual([
					"status",
					"version"
				]);
		});

		it("says to admins how many messages wait, and for how long", async () => {
			const { body } = await shop.as("admin").get("/health");
			const waiting_messages = body.waiting_messages as { channel: string }[];
			const channels = waiting_messages.map(({ channel }) => channel);
			expect(channels.toSorted()).toEqual(["email", "sms", "sns_topic"]);
			for (const entry of waiting_messages)
				expect(entry).toMatchObject({
					count: expect.any(Number),
					oldest_s: expect.any(Number)
				});
		});

		it("reports liveness and readiness", async () => {
			expect((await shop.as("anonymous").get("/health/live")).body).toEqual({ status: "ok" });
			const { status, body } = await shop.as("anonymous").get("/health/ready");
			expect([status, body]).toEqual([200, { ready: true }]);
		});
	});

	describe("metrics", () => {
		it("count requests by route, never by id", async () => {
			await shop.as("anonymous").get("/api/v1/products/no-such-thing");
			const { text, headers } = await shop.as("anonymous").get("/metrics");
			expect(headers.get("content-type")).toMatch(/^text\/plain/);
			expect(text).toMatch(
				/http_requests_total\{method="GET",route="\/api\/v1\/products\/\{id\}",status="404"\} \d/
			);
			expect(text).toContain("http_request_duration_seconds_bucket");
			expect(text).toContain('action_duration_seconds_count{action="gateway.');
			expect(text).toContain("process_resident_memory_bytes");
			expect(text).not.toContain("no-such-thing");
		});
	});

	describe("the documents", () => {
		it("serve the API description that the gateway uses", async () => {
			const { body, headers } = await shop.as("anonymous").get("/openapi.json");
			expect(body.openapi).toBe("3.1.0");
			const etag = headers.get("etag")!;
			const again = await shop.as("anonymous").get("/openapi.json", { "if-none-match": etag });
			expect([again.status, again.text]).toEqual([304, ""]);
		});

		it("serve it as a page without external resources", async () => {
			const { text, headers } = await shop.as("anonymous").get("/docs");
			expect(headers.get("content-security-policy")).toMatch(/script-src 'self';/);
			const parts = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1]!);
			expect(parts).toHaveLength(5);
			for (const part of parts) {
				const { status, text: content } = await shop.as("anonymous").get(part);
				expect([part, status, content.length > 100]).toEqual([part, 200, true]);
			}
		});

		it("serve no other file", async () => {
			for (const path of ["/docs/package.json", "/docs/..%2fpackage.json", "/images/..%2fseed.ts"])
				expect([path, (await shop.as("anonymous").get(path)).status]).toEqual([path, 404]);
		});

		it("include an image of every product of the catalogue", async () => {
			const { body } = await shop
				.as("anonymous")
				.get<{ data: { image_url: string | null }[] }>("/api/v1/products?limit=100");
			const images = body.data.flatMap(({ image_url }) => image_url ?? []);
			expect(images.length).toBeGreaterThanOrEqual(24);
			for (const image of images) {
				const { status, headers } = await shop.as("anonymous").get(image);
				expect([image, status]).toEqual([image, 200]);
				expect(headers.get("content-type")).toMatch(/^image\//);
			}
		});
	});

	it("responds with security headers", async () => {
		const { headers } = await shop.as("anonymous").get("/api/v1/products");
		expect(headers.get("referrer-policy")).toBe("no-referrer");
		expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
		expect(headers.get("access-control-allow-origin")).toBeNull();
		expect(headers.get("x-powered-by")).toBeNull();
	});

	it("generates a request id even if the client sends one", async () => {
		const sent = "my-own-id";
		const { headers } = await shop.as("anonymous").get("/health/live", {
			"x-request-id": sent,
			"x-correlation-id": sent
		});
		expect(headers.get("x-request-id")).not.toBe(sent);
	});
}
