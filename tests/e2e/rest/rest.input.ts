import { request } from "node:http";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import type { Order } from "../../../contracts/order.ts";
import {
	allowed,
	operations,
	paths,
	type Operation
} from "../../../services/gateway/operations.ts";
import { Client } from "../../support/shop/api-client.ts";
import { basket, placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";

const uuid = "01890a5d-ac96-774b-bcce-b302099a8057";
const concrete = (path: string) => path.replace(/\{file\}/g, "start.js").replace(/\{\w+\}/g, uuid);

const named = (some: readonly Operation[]) => some.map(one => [one.id, one] as const);
const withId = named(operations.filter(({ path }) => path.includes("{")));

/** Sends what fetch would not: another method, a raw path, a repeated header. */
function rawRequest(
	url: string,
	method: string,
	path: string,
	headers: Record<string, string | string[]>
) {
	const { hostname, port } = new URL(url);
	return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>(
		(resolve, reject) => {
			const req = request({ hostname, port, method, path, headers }, res => {
				let text = "";
				res.setEncoding("utf8").on("data", chunk => (text += chunk));
				res.on("end", () => resolve({ status: res.statusCode!, text, headers: res.headers }));
			});
			req.on("error", reject).end();
		}
	);
}

export function inputTests(shop: Shop): void {
	describe("a body", () => {
		const post = (raw: string | Uint8Array, headers: Record<string, string> = {}) =>
			shop.as("alice").post("/api/v1/orders", undefined, { raw, headers });

		it.each<[string, string | Uint8Array]>([
			["that ends too early", '{"items":['],
			["that is empty", ""],
			["that is a number", "1"],
			["with a byte order mark", "\ufeff{}"],
			["with a lone surrogate", '{"payment_method":"\\ud800"}'],
			["with a member twice", '{"items":[],"items":[]}'],
			["with NaN", '{"items":NaN}'],
			["with __proto__", '{"__proto__":{"role":"admin"}}'],
			["with an escaped __proto__", '{"\\u005f_proto__":{"role":"admin"}}'],
			["with a nested constructor", '{"items":[{"constructor":{}}]}'],
			["nested 10,000 deep", "[".repeat(10_000) + "]".repeat(10_000)],
			["that is not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])]
		])("%s is malformed", async (_, raw) => {
			expectProblem(await post(raw), "MALFORMED_JSON");
		});

		it("that is an array is not an order", async () => {
			expectProblem(await post("[]"), "VALIDATION_FAILED");
		});

		it("beyond 64 KiB is too large", async () => {
			expectProblem(await post(`{"a":"${"a".repeat(70_000)}"}`), "PAYLOAD_TOO_LARGE");
		});

		it.each([
			["text/plain", {}],
			["application/x-www-form-urlencoded", {}],
			["multipart/form-data; boundary=x", {}],
			["application/json; charset=utf-16", {}],
			["application/json", { "content-encoding": "gzip" }]
		])("as %s %j is refused", async (type, headers) => {
			expectProblem(
				await post("{}", { "content-type": type, ...headers }),
				"UNSUPPORTED_MEDIA_TYPE"
			);
		});

		it("is not overridden by the query", async () => {
			const answer = await shop
				.as("alice")
				.post("/api/v1/orders?payment_method=pm_x", basket("prod-001"));
			expect([answer.status, answer.body.errors]).toMatchObject([
				422,
				[{ pointer: "/payment_method", code: "unknown-property" }]
			]);
		});

		it("is validated after the key, and the key after the caller", async () => {
			const raw = "{";
			const send = (who: "alice" | "anonymous", key: string | null) =>
				shop.as(who).post("/api/v1/orders", undefined, { raw, key });
			expect((await send("anonymous", null)).body.code).toBe("unauthenticated");
			expect((await send("alice", null)).body.code).toBe("idempotency-key-missing");
			expect((await send("alice", "k")).body.code).toBe("malformed-json");
		});
	});

	describe("a method", () => {
		const others = (path: string) =>
			["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter(
				method => !allowed(path).split(", ").includes(method)
			);

		it.each([...paths.keys()])("that %s does not have is refused with 405", async path => {
			for (const method of others(path)) {
				const { status, headers, body } = await shop.as("admin").send(method, concrete(path));
				expect([method, status, headers.get("allow"), body.code]).toEqual([
					method,
					405,
					allowed(path),
					"method-not-allowed"
				]);
			}
		});

		it("cannot be overridden: OPTIONS, TRACE and override headers run nothing", async () => {
			const { id } = await shop.product(1);
			const path = `/api/v1/products/${id}`;
			const token = { ...shop.as("admin").headers };
			const preflight = {
				...token,
				"access-control-request-method": "DELETE",
				origin: "http://evil.test"
			};
			expect((await rawRequest(shop.url(), "OPTIONS", path, preflight)).status).toBe(405);
			expect((await rawRequest(shop.url(), "TRACE", path, token)).status).toBe(405);
			await shop.as("admin").get(path, { "x-http-method-override": "DELETE" });
			expect((await shop.as("admin").get(path)).body.archived).toBe(false);
		});
	});

	describe("a path", () => {
		it.each([
			"/api",
			"/problems/nothing",
			"/api/v1",
			"/api/v1/nothing",
			"/API/V1/products",
			"/api/v1/Products",
			"/api/v1//products",
			"/api/v1/products/prod-001/",
			"/api/v1/products/prod-001.",
			"/api/v1/products/prod-001%00",
			"/api/v1/products/..%2f..%2fhealth",
			"/api/v1/orders/not-a-uuid",
			`/api/v1/products/${"a".repeat(300)}`,
			"/~node/options",
			"/api/v1/~node/list",
			"/api/v1/order/place",
			"/list-aliases",
			"/gateway/list-aliases",
			"/api/v1/product/reserve",
			"/package.json",
			"/.env"
		])("%s is not found", async path => {
			const { status } = await rawRequest(shop.url(), "GET", path, { ...shop.as("admin").headers });
			expect([path, status]).toEqual([path, 404]);
		});

		it.each([
			["/api/v1/product", "There is no such path; /docs lists those that there are"],
			["/api/v2/products", "There is no such path; /docs lists those that there are"],
			["/nope", "There is no such path; /docs lists those that there are"],
			["/api/v1/products/nope", undefined]
		])("%s says whether it is the path that is unknown", async (path, detail) => {
			const { status, body } = await shop.as("admin").send("GET", path);
			expect([status, body.code, body.detail]).toEqual([404, "not-found", detail]);
		});

		it.each(withId)("of %s with an invalid id is not found", async (_, { method, path }) => {
			for (const id of [
				`urn:uuid:${uuid}`,
				`{${uuid}}`,
				`${uuid}'`,
				"%00",
				"%20",
				"a".repeat(300)
			]) {
				const target = path.replace(/\{\w+\}/, id);
				const { status, body } = await shop.as("admin").send(method, target);
				expect([target, status, body.code]).toEqual([target, 404, "not-found"]);
			}
		});

		it("with an id in upper case is the same", async () => {
			const { id } = await shop.product(1);
			const order = await placed(shop, id);
			const path = `/api/v1/orders/${order.id.toUpperCase()}/cancel`;
			const { body } = await shop.as("alice").post<Order>(path);
			expect([body.id, body.payment?.id]).toEqual([order.id, order.payment!.id]);
		});

		it("with a broken escape is malformed", async () => {
			const { status, text } = await rawRequest(shop.url(), "GET", "/api/v1/products/%zz", {});
			expect([status, JSON.parse(text).code]).toEqual([400, "malformed-path"]);
		});

		it("of 9,000 characters is too long", async () => {
			expectProblem(
				await shop.as("anonymous").get(`/api/v1/products?q=${"a".repeat(9000)}`),
				"URI_TOO_LONG"
			);
		});

		it("with headers of 20 KiB is refused", async () => {
			const headers = { "x-large": "a".repeat(20_000) };
			const { status, text } = await rawRequest(shop.url(), "GET", "/health/live", headers);
			expect([status, JSON.parse(text).code]).toEqual([431, "headers-too-large"]);
		});
	});

	describe("a token", () => {
		const [header, payload, signature] = [
			"eyJhbGciOiJub25lIn0",
			"eyJzdWIiOiJ1c2VyLTEyMyJ9",
			"AAAA"
		];

		it.each([
			["garbage", "Bearer garbage"],
			["of another scheme", "Basic YWRtaW46YWRtaW4="],
			["without a signature", `Bearer ${header}.${payload}.`],
			["with a wrong signature", `Bearer ${header}.${payload}.${signature}`],
			["of 5,000 characters", `Bearer ${header}.${payload}.${"A".repeat(5000)}`],
			["that is missing", "Bearer "]
		])("%s is refused, always with the same response", async (_, authorization) => {
			const { status, headers, body } = await new Client(shop.url(), { authorization }).get(
				"/api/v1/orders"
			);
			expect([status, headers.get("www-authenticate")]).toEqual([
				401,
				'Bearer error="invalid_token"'
			]);
			expect({ ...body, instance: "" }).toEqual({
				type: expect.stringMatching(/^http:.*\/problems\/invalid-token$/),
				title: "The access token is not valid",
				status: 401,
				instance: "",
				code: "invalid-token"
			});
		});

		it("is refused twice in one request, and in the query", async () => {
			const { authorization } = shop.as("alice").headers;
			const twice = { authorization: [authorization!, authorization!] };
			expect((await rawRequest(shop.url(), "GET", "/api/v1/orders", twice)).status).toBe(401);
			const token = authorization!.split(" ")[1]!;
			expect((await shop.as("anonymous").get(`/api/v1/orders?access_token=${token}`)).status).toBe(
				401
			);
		});
	});

	it("responds with a problem to bytes that are not HTTP", async () => {
		const { hostname, port } = new URL(shop.url());
		const socket = connect(Number(port), hostname);
		socket.end("FOO / HTTP/1.1\r\n\r\n");
		const answer = await textOf(socket);
		expect(answer).toMatch(/^HTTP\/1\.1 400 /);
		expect(JSON.parse(answer.split("\r\n\r\n")[1]!).code).toBe("malformed-request");
	});

	it("refuses unknown members of the query everywhere", async () => {
		const order = basket("prod-001");
		for (const name of ["surprise", "constructor", "__proto__", "quantity"])
			expect((await shop.as("alice").post(`/api/v1/orders?${name}=1`, order)).status).toBe(422);
		for (const { method, path } of operations.filter(({ inBody }) => !inBody)) {
			const { status } = await shop.as("admin").send(method, `${concrete(path)}?surprise=1`);
			expect([path, [404, 422].includes(status)]).toEqual([path, true]);
		}
	});
}
