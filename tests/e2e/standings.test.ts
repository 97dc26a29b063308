import { generateKeyPairSync } from "node:crypto";
import type { Service, ServiceBroker } from "moleculer";
import gatewayService from "../../services/gateway/gateway.service.ts";
import productService from "../../services/product/product.service.ts";
import userService from "../../services/user/user.service.ts";
import { expectProblem } from "../support/expect-failure.ts";
import { type Account, Client, type Clients, signIn } from "../support/shop/api-client.ts";
import { useShop } from "../support/shop/use-shop.ts";
import { until } from "../support/until.ts";
import { withWrongClock } from "../support/wrong-clock.ts";

/** What becomes of a token whose user is locked, or has another role. */

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const keys = {
	TOKEN_PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
	TOKEN_PUBLIC_KEY: publicKey.export({ type: "spki", format: "pem" }) as string
};

// No bus is between the nodes, so no hint of one reaches the gateway of another.
const shop = useShop([userService, productService, gatewayService], keys, { nodes: 3 });

type Gateway = Service & { port(): number; standingList: { stop(): Promise<void> } };
const gatewayOf = (node: ServiceBroker) => node.getLocalService("gateway") as Gateway;
const urlOf = (node: ServiceBroker) => `http://127.0.0.1:${gatewayOf(node).port()}`;

const ids = { alice: "user-123", bob: "user-456", support: "user-support", admin: "user-admin" };
let first: Clients;
const at = (node: number, who: Account) => new Client(urlOf(shop.nodes[node]!), first[who].headers);

const set = (who: Account, role: string, locked = false) =>
	shop.database.rows("update users.users set role = $2, locked = $3 where id = $1", [
		ids[who],
		role,
		locked
	]);

/** Another admin, so that those of the tests are not the last. */
beforeAll(async () => {
	await shop.database.rows(
		"insert into users.users (id, email, name, password_hash, role) values ('spare', 'spare@shop.test', 'Spare', '', 'admin')"
	);
	first = await signIn(urlOf(shop.broker));
});

/** As the demo data has them, known to every gateway that looks. */
async function restore(): Promise<void> {
	await set("admin", "admin");
	await set("support", "support");
	await set("alice", "customer");
	for (const node of [0, 1])
		for (const who of ["admin", "support", "alice"] as const)
			await until(async () => {
				const { status, body } = await at(node, who).get("/api/v1/users/me");
				return status === 200 && body.locked === false;
			});
	for (const node of [0, 1])
		await until(async () => (await at(node, "admin").get("/api/v1/users")).status === 200);
}
afterEach(restore);

const order = {
	items: [{ product_id: "prod-001", quantity: 1 }],
	shipping_address: { street: "1 Main St", city: "SF", state: "CA", zip: "94105", country: "US" },
	payment_method: "pm_card_visa"
};
const product = {
	sku: "NEW-01",
	name: "New",
	category: "new",
	price: { amount: 100, currency: "USD" },
	stock: 1
};

const requests: [who: Account, method: string, path: string, body: object | undefined][] = [
	["admin", "PATCH", `/api/v1/users/${ids.admin}`, { locked: false }],
	["admin", "PATCH", `/api/v1/users/${ids.admin}`, { role: "admin", locked: false }],
	["admin", "PATCH", `/api/v1/users/${ids.bob}`, { role: "admin" }],
	["admin", "POST", "/api/v1/products", product],
	["admin", "DELETE", "/api/v1/products/prod-001", undefined],
	["admin", "POST", "/api/v1/ops/streams/analytics/replay", { from: "oldest" }],
	["admin", "PATCH", "/api/v1/users/me", { name: "Still Ada" }],
	["admin", "GET", "/api/v1/users", undefined],
	["admin", "GET", "/api/v1/products", undefined],
	[
		"support",
		"POST",
		"/api/v1/payments/01890a5d-ac96-774b-bcce-b302099a8057/refund",
		{ reason: "x" }
	],
	[
		"support",
		"POST",
		"/api/v1/orders/01890a5d-ac96-774b-bcce-b302099a8057/cancel",
		{ reason: "x" }
	],
	["support", "GET", "/api/v1/orders", undefined],
	["alice", "POST", "/api/v1/orders", order],
	["alice", "PATCH", "/api/v1/users/me", { name: "Still Alice" }],
	["alice", "GET", "/api/v1/orders", undefined]
];

describe("a user who is locked", () => {
	it.each(requests)(
		"%s: %s %s is refused with the token from before",
		async (who, method, path, body) => {
			const { role } = (await at(0, who).get<{ role: string }>("/api/v1/users/me")).body;
			await at(0, "admin").patch(`/api/v1/users/${ids[who]}`, { locked: true });
			// The hint may be on its way still; commands of staff do not wait for it.
			const isStaffCommand = role !== "customer" && method !== "GET";
			const send = () => at(0, who).send(method, path, { body });
			if (!isStaffCommand)
				await until(async () => (await at(0, who).get("/api/v1/users/me")).status === 401);
			const refused = await send();
			expectProblem(refused, "ACCOUNT_LOCKED");
			expect(refused.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
			const [row] = await shop.database.rows("select locked, name from users.users where id = $1", [
				ids[who]
			]);
			expect(row).toMatchObject({ locked: true, name: expect.not.stringContaining("Still") });
		}
	);

	it("is refused by a gateway that got no hint", async () => {
		await set("alice", "customer", true);
		await until(async () => (await at(1, "alice").get("/api/v1/orders")).status === 401);
		expectProblem(await at(1, "alice").get("/api/v1/users/me"), "ACCOUNT_LOCKED");
		expectProblem(
			await new Client(urlOf(shop.nodes[1]!)).get("/api/v1/users/me"),
			"ACCOUNT_LOCKED"
		);
	});

	it("may go on once they are unlocked", async () => {
		await set("alice", "customer", true);
		await until(async () => (await at(1, "alice").get("/api/v1/users/me")).status === 401);
		await set("alice", "customer");
		await until(async () => (await at(1, "alice").get("/api/v1/users/me")).status === 200);
	});
});

describe("a user whose role changed", () => {
	it.each(
		requests.filter(
			([who, , path]) =>
				(who === "admin" && !/me$|products$/.test(path)) || path.includes("/payments")
		)
	)("%s: %s %s is refused with the token from before", async (who, method, path, body) => {
		await set(who, "customer");
		if (method === "GET") await until(async () => (await at(0, who).get(path)).status !== 200);
		expectProblem(await at(0, who).send(method, path, { body }), "FORBIDDEN");
	});

	it("has the rights of the new role with the token from before", async () => {
		expectProblem(await at(0, "alice").get("/api/v1/users"), "FORBIDDEN");
		await at(0, "admin").patch(`/api/v1/users/${ids.alice}`, { role: "admin" });
		await until(async () => (await at(1, "alice").get("/api/v1/users")).status === 200);
		await at(0, "admin").patch(`/api/v1/users/${ids.alice}`, { role: "customer" });
		await until(async () => (await at(1, "alice").get("/api/v1/users")).status === 403);
	});

	it("loses an open stream", async () => {
		const stream = await fetch(`${urlOf(shop.nodes[1]!)}/api/v1/analytics/stream`, {
			headers: first.support.headers
		});
		expect(stream.status).toBe(200);
		await set("support", "customer");
		// Resolves only because the gateway ends it.
		expect(await stream.text()).toMatch(/^retry: /);
	});
});

describe("the last active admin", () => {
	it("is refused in words a user understands", async () => {
		await shop.database.rows("update users.users set locked = true where id = 'spare'");
		for (const body of [
			{ locked: true },
			{ role: "customer" },
			{ role: "support", locked: true }
		]) {
			const answer = await at(0, "admin").patch(`/api/v1/users/${ids.admin}`, body);
			expectProblem(answer, "LAST_ADMIN");
			expect(answer.body.title).toBe("The last active admin can be neither locked nor demoted");
		}
		await shop.database.rows("update users.users set locked = false where id = 'spare'");
	});
});

// The last test of the file: it takes the third node apart.
describe("a token at a gateway whose clock is wrong", () => {
	it.each([-3_600_000, 3_600_000])("is valid for as long as elsewhere: %d ms", async aheadMs => {
		const { status } = await withWrongClock(aheadMs, () => at(0, "alice").get("/api/v1/users/me"));
		expect(status).toBe(200);
		const fresh = await withWrongClock(aheadMs, () => signIn(urlOf(shop.nodes[1]!)));
		const { headers } = fresh.alice;
		const [, payload] = headers.authorization!.split(".");
		const { iat, exp } = JSON.parse(Buffer.from(payload!, "base64url").toString());
		expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(60);
		expect(exp - iat).toBe(600);
		const answer = await new Client(urlOf(shop.nodes[2]!), headers).get("/api/v1/users/me");
		expect(answer.status).toBe(200);
	});
});

describe("a gateway whose list is out of date", () => {
	it("still refuses commands of staff who are locked or demoted, and without the user service all of them", async () => {
		expect((await at(2, "admin").get("/api/v1/users")).status).toBe(200);
		await gatewayOf(shop.nodes[2]!).standingList.stop();
		const unlock = () =>
			at(2, "admin").patch(`/api/v1/users/${ids.admin}`, { role: "admin", locked: false });
		await set("admin", "customer");
		expectProblem(await unlock(), "FORBIDDEN");
		await set("admin", "admin");
		await set("admin", "admin", true);
		expectProblem(await unlock(), "ACCOUNT_LOCKED");
		await set("admin", "admin");
		expect((await at(2, "admin").delete("/api/v1/products/prod-030")).status).toBe(200);
		await shop.nodes[2]!.destroyService("user");
		const refused = await at(2, "admin").delete("/api/v1/products/prod-029");
		expectProblem(refused, "UNAVAILABLE");
		expect(refused.headers.get("retry-after")).toBe("1");
		expect((await at(2, "alice").get("/api/v1/products")).status).toBe(200);
	});
});
