import type { IncomingMessage } from "node:http";
import { isLocal } from "./demo-mode.ts";

const port = 8080;

/** A request to the shop on port 8080 of this host. */
function request(
	headers: Record<string, string | string[]>,
	remoteAddress: string | undefined = "127.0.0.1"
) {
	const all = { host: "localhost:8080", ...headers };
	const distinct = Object.entries(all).map(([name, value]) => [name, [value].flat()] as const);
	return {
		headers: Object.fromEntries(distinct.map(([name, values]) => [name, values.join(", ")])),
		headersDistinct: Object.fromEntries(distinct),
		socket: { remoteAddress, localPort: port }
	} as unknown as IncomingMessage;
}

describe("demo mode applies to a request", () => {
	it.each<Record<string, string>>([
		{},
		{ host: "LOCALHOST:8080" },
		{ host: "127.0.0.1:8080" },
		{ host: "127.9.8.7:8080" },
		{ host: "[::1]:8080" },
		{ "sec-fetch-site": "same-origin", origin: "http://localhost:8080" },
		{ "sec-fetch-site": "none" },
		{ host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080" },
		{
			"user-agent": "curl/8",
			accept: "*/*",
			"x-request-id": "1",
			"idempotency-key": "k",
			traceparent: "t"
		}
	])("with %j", headers => {
		expect(isLocal(request(headers))).toBe(true);
	});

	it.each(["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])("from %s", address => {
		expect(isLocal(request({}, address))).toBe(true);
	});
});

describe("demo mode does not apply to a request", () => {
	it.each<Record<string, string | string[]>>([
		{ host: "evil.example" },
		{ host: "evil.example:8080" },
		{ host: "localhost.evil.example:8080" },
		{ host: "127.0.0.1.evil.example:8080" },
		{ host: "localhost.:8080" },
		{ host: "shop.localhost:8080" },
		{ host: "user@localhost:8080" },
		{ host: "localhost" },
		{ host: "localhost:8081" },
		{ host: "localhost:80800" },
		{ host: "localhost:8080 " },
		{ host: "localhost:8080,evil.example" },
		{ host: ["localhost:8080", "evil.example"] },
		{ host: [] },
		{ host: "" },
		{ host: ":8080" },
		{ host: "0.0.0.0:8080" },
		{ host: "192.0.2.1:8080" },
		{ host: "10.0.0.1:8080" },
		{ host: "127.0.0.256:8080" },
		{ host: "127.1:8080" },
		{ host: "2130706433:8080" },
		{ host: "[::]:8080" },
		{ host: "[2001:db8::1]:8080" }
	])("of %j, whatever address that resolves to", headers => {
		expect(isLocal(request(headers))).toBe(false);
	});

	it.each(
		`forwarded via x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-server x-forwarded
		x-original-forwarded-for x-real-ip x-client-ip client-ip x-cluster-client-ip true-client-ip x-true-client-ip
		x-remote-ip x-remote-addr x-originating-ip x-original-host x-original-url x-rewrite-url x-host x-proxyuser-ip
		cf-connecting-ip cf-ray fastly-client-ip fly-client-ip cdn-loop x-envoy-external-address x-azure-clientip
		x-arr-log-id x-appengine-user-ip x-amzn-trace-id cloudfront-viewer-address proxy-connection proxy-authorization`.split(
			/\s+/
		)
	)("that has the header %s of a proxy, even an empty one", header => {
		for (const value of ["127.0.0.1", "", "1.1 proxy"])
			expect(isLocal(request({ [header]: value }))).toBe(false);
	});

	it.each<Record<string, string | string[]>>([
		{ "sec-fetch-site": "cross-site" },
		{ "sec-fetch-site": "same-site" },
		{ "sec-fetch-site": "CROSS-SITE" },
		{ "sec-fetch-site": "" },
		{ "sec-fetch-site": ["same-origin", "cross-site"] },
		{ "sec-fetch-site": "cross-site", origin: "http://localhost:8080" },
		{ origin: "https://evil.example" },
		{ origin: "http://localhost:3000" },
		{ origin: "https://localhost:8080" },
		{ origin: "http://127.0.0.1:8080" },
		{ origin: "http://localhost" },
		{ origin: "null" },
		{ origin: "" },
		{ origin: ["http://localhost:8080", "https://evil.example"] },
		{ origin: "http://localhost:8080", "sec-fetch-site": "same-site" }
	])("that a page of another origin caused: %j", headers => {
		expect(isLocal(request(headers))).toBe(false);
	});

	it.each(["192.0.2.1", "10.0.0.1", "::2", "2001:db8::1", "::ffff:192.0.2.1", "128.0.0.1"])(
		"from %s",
		address => {
			expect(isLocal(request({}, address))).toBe(false);
		}
	);

	it("whose address is gone", () => {
		const req = request({});
		Object.assign(req.socket, { remoteAddress: undefined });
		expect(isLocal(req)).toBe(false);
	});
});
