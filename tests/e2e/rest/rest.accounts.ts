import { createPublicKey, randomUUID } from "node:crypto";
import { importJWK, jwtVerify } from "jose";
import type { User } from "../../../contracts/user.ts";
import { type Answer, bearer, Client } from "../../support/shop/api-client.ts";
import type { Shop } from "./rest.suite.ts";
import { guardedByTag } from "../../support/shop/versioned-update.conformance.ts";

interface Users {
	data: User[];
	next_cursor: string | null;
}

const password = "a-long-Password-9";

export function accountTests(shop: Shop): void {
	const register = (body: object) => shop.as("anonymous").post("/api/v1/auth/register", body);
	const login = (email: unknown, secret: unknown) =>
		shop.as("anonymous").post("/api/v1/auth/login", { email, password: secret });

	describe("an account", () => {
		it("is registered and signs in as a customer", async () => {
			const email = `${randomUUID()}@example.test`;
			const registered = await register({ email, password, name: "Zoë O'Neill" });
			expect([registered.status, registered.body]).toEqual([202, { status: "accepted" }]);
			const { status, body } = await login(email.toUpperCase(), password);
			expect(status).toBe(200);
			const me = new Client(shop.url(), bearer(body.access_token as string));
			expect((await me.get("/api/v1/users/me")).body).toMatchObject({
				email,
				name: "Zoë O'Neill",
				role: "customer",
				locked: false
			});
		});

		it("does not reveal whether its address is taken", async () => {
			const taken = await register({ email: "alice@shop.test", password });
			expect([taken.status, taken.text]).toEqual([202, '{"status":"accepted"}']);
			expect((await login("alice@shop.test", password)).status).toBe(401);
		});

		it("refuses a wrong password and an unknown address alike", async () => {
			const answers = [
				await login("alice@shop.test", "wrong"),
				await login("no@shop.test", "wrong")
			];
			for (const { status, headers, body } of answers) {
				expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
				expect({ ...body, instance: "" }).toEqual({ ...answers[0]!.body, instance: "" });
			}
		});

		it.each([
			["no e-mail address", { email: "nobody", password }, "/email"],
			["a short password", { email: "x@example.test", password: "short" }, "/password"],
			["a common password", { email: "x@example.test", password: "passwordpassword" }, "/password"],
			["a role", { email: "x@example.test", password, role: "admin" }, "/role"],
			["an id", { email: "x@example.test", password, id: "user-1" }, "/id"],
			["a control character", { email: "x@example.test", password, name: "a\u0007" }, "/name"]
		])("is not registered with %s", async (_, body, pointer) => {
			const { status, body: problem } = await register(body);
			expect(status).toBe(422);
			expect(problem.errors).toContainEqual(expect.objectContaining({ pointer }));
		});

		it("has a token that the published keys verify", async () => {
			const { body } = await login("alice@shop.test", "demo-Password-1");
			expect(body).toMatchObject({
				token_type: "Bearer",
				user: { id: "user-123", role: "customer" }
			});
			const { body: set, headers } = await shop
				.as("anonymous")
				.get<{ keys: Record<string, string>[] }>("/.well-known/jwks.json");
			expect(headers.get("cache-control")).toBe("public, max-age=300");
			expect(set.keys[0]).not.toHaveProperty("d");
			const key = await importJWK(set.keys[0]!, "EdDSA");
			const { payload } = await jwtVerify(body.access_token as string, key);
			expect(payload).toMatchObject({ sub: "user-123", role: "customer" });
			expect(createPublicKey({ key: set.keys[0]!, format: "jwk" }).asymmetricKeyType).toBe(
				"ed25519"
			);
		});
	});

	describe("the caller's own account", () => {
		guardedByTag({
			client: () => shop.as("bob"),
			path: async () => "/api/v1/users/me",
			change: n => ({ name: `Bob ${n}` })
		});

		it.each(["id", "role", "locked", "email", "created_at", "password_hash", "version"])(
			"cannot set its %s",
			async member => {
				const { status, body } = await shop
					.as("bob")
					.patch("/api/v1/users/me", { [member]: "admin" });
				expect(status).toBe(422);
				expect(body.errors).toEqual([
					{ pointer: `/${member}`, code: "unknown-property", detail: expect.any(String) }
				]);
			}
		);
	});

	describe("an account, for an admin,", () => {
		guardedByTag({
			client: () => shop.as("admin"),
			async path() {
				const email = `${randomUUID()}@example.test`;
				await register({ email, password });
				const { user } = (await login(email, password)).body as { user: User };
				return `/api/v1/users/${user.id}`;
			},
			// It begins as a customer.
			change: n => ({ role: n % 2 ? "support" : "admin" })
		});
	});

	describe("all accounts", () => {
		it("are listed for an admin, page by page", async () => {
			const seen: string[] = [];
			let next: string | null = "/api/v1/users?limit=2";
			while (next) {
				const page: Answer<Users> = await shop.as("admin").get<Users>(next);
				const { body, headers } = page;
				seen.push(...body.data.map(({ id }) => id));
				next = /^<(.+)>; rel="next"$/.exec(headers.get("link") ?? "")?.[1] ?? null;
				expect(next === null).toBe(body.next_cursor === null);
			}
			expect(seen).toEqual(expect.arrayContaining(["user-123", "user-456", "user-admin"]));
			expect(new Set(seen).size).toBe(seen.length);
		});

		it("can be locked by an admin, and then cannot sign in", async () => {
			const email = `${randomUUID()}@example.test`;
			await register({ email, password });
			const { id } = ((await login(email, password)).body as { user: { id: string } }).user;
			const locked = await shop.as("admin").patch<User>(`/api/v1/users/${id}`, { locked: true });
			expect([locked.status, locked.body.locked]).toEqual([200, true]);
			expect((await login(email, password)).status).toBe(401);
			expect((await shop.as("admin").get<User>(`/api/v1/users/${id}`)).body.email).toBe(email);
		});
	});
}
