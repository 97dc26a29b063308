import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { postUntilDecided, ShopApi } from "./shop-api.ts";

/** Requests of the command line to a shop that is unavailable for a moment. */

interface Seen {
	method: string | undefined;
	key: string | string[] | undefined;
}

const seen: Seen[] = [];
const unavailable = { status: 503, code: "unavailable" };
/** How the first request is answered. */
let first = unavailable;
const server = createServer((req, res) => {
	seen.push({ method: req.method, key: req.headers["idempotency-key"] });
	const { status, code } = seen.length === 1 ? first : { status: 200, code: undefined };
	res.writeHead(status, { "content-type": "application/json" });
	res.end(JSON.stringify({ title: "The first answer", code }));
});
let api: ShopApi;

beforeAll(async () => {
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	api = new ShopApi(`http://127.0.0.1:${port}`, async () => "token");
});
afterAll(() => {
	server.closeAllConnections();
	server.close();
});
beforeEach(() => {
	seen.length = 0;
	first = unavailable;
});

it("sends a query again", async () => {
	await api.send("GET", "/orders/1");
	expect(seen).toEqual([
		{ method: "GET", key: undefined },
		{ method: "GET", key: undefined }
	]);
});

it("sends a command with one effect per key again, under the same key", async () => {
	await api.send("POST", "/orders", {}, { isKeyed: true });
	const [once, again] = seen;
	expect(again).toEqual(once);
	expect(once!.key).toMatch(/^[\da-f-]{36}$/);
	await api.send("POST", "/orders", {}, { isKeyed: true });
	expect(seen[2]!.key).not.toBe(once!.key);
});

it.each([
	[503, "unavailable", 2],
	[504, "timeout", 2],
	[409, "idempotency-key-in-use", 2],
	[409, "insufficient-stock", 1],
	[422, "idempotency-key-reused", 1],
	[429, "too-many-requests", 1],
	[500, "internal", 1]
])(
	"sends such a command again after %i %s only if that decides nothing",
	async (status, code, sent) => {
		first = { status, code };
		await api.send("POST", "/orders", {}, { isKeyed: true }).catch(() => undefined);
		expect(seen).toHaveLength(sent);
	}
);

it("sends another command once", async () => {
	const sent = api.send("POST", "/ops/streams/x/replay", {});
	await expect(sent).rejects.toMatchObject({ status: 503 });
	expect(seen).toHaveLength(1);
});

it.each([
	[503, 200, 2],
	[504, 200, 2],
	[401, 401, 1],
	[500, 500, 1]
])("sends a sign-in that was answered %i until it is answered %i", async (status, last, sent) => {
	first = { status, code: "any" };
	const answer = await postUntilDecided(`${api.url}/api/v1/auth/login`, {});
	expect([answer.status, seen.length]).toEqual([last, sent]);
});
