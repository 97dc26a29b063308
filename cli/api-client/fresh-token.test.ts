import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TokenIssuer } from "../../services/user/token-issuer.ts";
import { freshToken } from "./fresh-token.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import { operator } from "../../lib/identity.ts";
import { ShopApi } from "./shop-api.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

let asked: number;
let clockS: number;

async function fresh(ttlS: number): Promise<() => Promise<string>> {
	const issuer = await TokenIssuer.fromPem(pem, ttlS);
	const ask = () => {
		asked++;
		return issuer.sign(operator, new Date());
	};
	return freshToken(ask, () => clockS * 1000);
}

beforeEach(() => {
	[asked, clockS] = [0, 1_000_000];
});

it.each([
	[600, 540],
	[90, 45],
	[10, 5]
])("with a life of %i s is renewed after %i s", async (ttlS, usableS) => {
	const token = await fresh(ttlS);
	const first = await token();
	clockS += usableS - 1;
	expect(await token()).toBe(first);
	clockS += 1;
	const second = await token();
	expect(second).not.toBe(first);
	clockS += usableS - 1;
	expect(await token()).toBe(second);
	expect(asked).toBe(2);
});

it("is requested once for concurrent callers", async () => {
	const token = await fresh(600);
	const all = () => Promise.all(Array.from({ length: 9 }, token));
	expect(new Set(await all()).size).toBe(1);
	clockS += 600;
	expect(new Set(await all()).size).toBe(1);
	expect(asked).toBe(2);
});

it("is requested again after a failure", async () => {
	const issuer = await TokenIssuer.fromPem(pem, 600);
	const token = freshToken(() => {
		if (++asked === 1) throw new Error("away");
		return issuer.sign(operator, new Date());
	});
	await expect(token()).rejects.toThrow("away");
	expect(await token()).toMatch(/^ey/);
});

it("is sent with each request, and a refusal is printed as a sentence", async () => {
	const seen: (string | undefined)[] = [];
	const server = createServer((req, res) => {
		seen.push(req.headers.authorization);
		res.writeHead(seen.length > 2 ? 401 : 200, { "content-type": "application/json" });
		res.end(JSON.stringify({ title: "Not signed in" }));
	}).listen(0, "127.0.0.1");
	try {
		await new Promise(resolve => server.once("listening", resolve));
		const { port } = server.address() as AddressInfo;
		const api = new ShopApi(`http://127.0.0.1:${port}`, async () => `t${++asked}`);
		await api.send("GET", "/a");
		await api.send("POST", "/b", {});
		const refusal = await api.send("GET", "/c").catch((error: Error) => error);
		expect(seen).toEqual(["Bearer t1", "Bearer t2", "Bearer t3"]);
		expect(refusal).toBeInstanceOf(LaunchError);
		expect(refusal).toMatchObject({
			message: "GET /c was answered 401 Not signed in",
			status: 401
		});
	} finally {
		server.closeAllConnections();
		server.close();
	}
});
