import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import pg from "pg";
import { user } from "../../../contracts/user.ts";
import { serviceUrl } from "../../../db/database.ts";
import type { Role } from "../../../lib/schema.ts";
import type { Identity } from "../../../lib/identity.ts";
import { call } from "../../../lib/service.ts";
import userService from "../../../services/user/user.service.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { expectFailure, expectSqlState, successesOf } from "../../support/expect-failure.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { as, alice, admin, bob } from "../../support/shop/callers.ts";
import { versionedUpdate } from "../../support/shop/versioned-update.conformance.ts";

const { actions } = user;
const password = "demo-Password-1";

const tokenKey = newTokenKey();
const shop = useShop([userService], tokenKey);

const register = (
	email: string,
	more: { password?: string; name?: string; locale?: "en" | "de" } = {}
) => call(shop.broker, actions.create, { email, password: "a-Long-enough-1", ...more });
const signIn = (email: string, secret = password) =>
	call(shop.broker, actions.authenticate, { email, password: secret });

async function idOf(email: string): Promise<string> {
	const [row] = await shop.database.rows<{ id: string }>(
		"select id from users.users where email = $1",
		[email]
	);
	return row!.id;
}

describe("registration", () => {
	it("creates a customer who can sign in, with the address in lower case", async () => {
		expect(await register("New.Person@Shop.test", { name: "New" })).toEqual({ status: "accepted" });
		const { user: found } = await signIn("new.person@shop.TEST", "a-Long-enough-1");
		expect(found).toMatchObject({ email: "new.person@shop.test", role: "customer" });
	});

	it("stores an international domain in ASCII, shows it in Unicode, and takes both", async () => {
		await register("Zoe@Bücher.test", { name: "Zoë" });
		await register("zoe@xn--bcher-kva.test", { name: "Another" });
		expect(await idOf("zoe@xn--bcher-kva.test")).toEqual(expect.any(String));
		for (const spelling of ["zoe@bücher.test", "ZOE@BÜCHER.TEST", "zoe@xn--bcher-kva.test"]) {
			const { user: found } = await signIn(spelling, "a-Long-enough-1");
			expect(found.email).toBe("zoe@bücher.test");
			const account = await call(shop.broker, actions.get, { id: found.id }, as(admin));
			expect(account).toMatchObject({ email: "zoe@bücher.test", name: "Zoë" });
			const { contacts } = await call(shop.broker, actions.contacts, { ids: [found.id] });
			expect(contacts).toMatchObject([{ email: "zoe@xn--bcher-kva.test" }]);
		}
	});

	it("keeps accounts whose local part is longer than it may be now", async () => {
		const email = `${"l".repeat(70)}@shop.test`;
		await shop.database.rows(
			"insert into users.users (id, email, name, password_hash, role) select 'long', $1, name, password_hash, role from users.users where id = 'user-123'",
			[email]
		);
		expect((await signIn(email.toUpperCase())).user).toMatchObject({ id: "long", email });
		await expectFailure(register(email), "VALIDATION_ERROR");
	});

	it("has no row with an international domain in Unicode", async () => {
		const insert =
			"insert into users.users (id, email, name, password_hash, role) values ('u', 'jo@bücher.test', 'Jo', '', 'customer')";
		await expect(shop.database.rows(insert)).rejects.toMatchObject({
			constraint: "users_email_ascii"
		});
	});

	it("returns the same for a taken address and changes nothing", async () => {
		const before = await shop.database.rows("select * from users.users where id = 'user-123'");
		expect(await register("ALICE@shop.test")).toEqual({ status: "accepted" });
		expect(await shop.database.rows("select * from users.users where id = 'user-123'")).toEqual(
			before
		);
	});

	it("creates one account of many concurrent registrations", async () => {
		const attempts = Array.from({ length: 100 }, (_, i) =>
			register(i % 2 ? "race@shop.test" : "RACE@shop.test")
		);
		expect((await successesOf(attempts, "OVERLOADED")).length).toBeGreaterThan(0);
		const rows = await shop.database.rows(
			"select 1 from users.users where email = 'race@shop.test'"
		);
		expect(rows).toHaveLength(1);
	});

	it("refuses passwords that are too easy to guess", async () => {
		await expectFailure(
			register("weak@shop.test", { password: "Password1234" }),
			"VALIDATION_FAILED",
			{ pointer: "/password", issue: "weak" }
		);
	});

	it.each([{ role: "admin" }, { id: "me" }, { locked: false }, { password: "short" }])(
		"refuses %j",
		async more => {
			const attempt = register("x@shop.test", more as object);
			await expectFailure(attempt, "VALIDATION_ERROR");
		}
	);
});

describe("signing in", () => {
	it("issues a short-lived token that the published keys verify", async () => {
		const grant = await signIn("alice@shop.test");
		expect(grant).toMatchObject({
			token_type: "Bearer",
			expires_in: 600,
			user: { id: "user-123", email: "alice@shop.test", role: "customer" }
		});
		const keys = await call(shop.broker, actions.keys, {});
		const verified = await jwtVerify(
			grant.access_token,
			createLocalJWKSet(keys as unknown as JSONWebKeySet),
			{ algorithms: ["EdDSA"], typ: "at+jwt", issuer: "moleculer-commerce", audience: "shop-api" }
		);
		expect(verified.payload).toMatchObject({ sub: "user-123", role: "customer" });
		expect(verified.payload.exp! - verified.payload.iat!).toBe(600);
		expect(verified.payload.jti).toBeDefined();
		expect(decodeProtectedHeader(grant.access_token).kid).toBe(keys.keys[0]!.kid);
	});

	it("publishes nothing of the private key", async () => {
		const { keys } = await call(shop.broker, actions.keys, {});
		expect(Object.keys(keys[0]!).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
	});

	it("returns the same for a wrong password, an unknown user and a locked user", async () => {
		await register("locked@shop.test");
		const id = await idOf("locked@shop.test");
		await call(shop.broker, actions.update, { id, locked: true }, as(admin));
		const attempts = [
			signIn("alice@shop.test", "wrong-Password-1"),
			signIn("nobody@shop.test"),
			signIn("locked@shop.test", "a-Long-enough-1"),
			signIn("' or 1=1 --")
		];
		const failures = attempts.map(attempt => expectFailure(attempt, "INVALID_CREDENTIALS"));
		for (const { data } of await Promise.all(failures)) expect(data).toEqual({});
	});

	it("hashes for an unknown user as long as for a known one", async () => {
		const median = async (email: string) => {
			const times: number[] = [];
			for (let i = 0; i < 9; i++) {
				const begin = performance.now();
				await signIn(email, "wrong-Password-1").catch(() => undefined);
				times.push(performance.now() - begin);
			}
			return times.sort((a, b) => a - b)[4]!;
		};
		const known = await median("bob@shop.test");
		expect(await median("nobody@shop.test")).toBeGreaterThan(known / 3);
	});
});

describe("reading accounts", () => {
	it("returns the caller's own account, and any account to an admin, without the password hash", async () => {
		const self = await call(shop.broker, actions.get, {}, as(alice));
		expect(self).toEqual({
			id: "user-123",
			email: "alice@shop.test",
			name: "Alice Martin",
			role: "customer",
			locale: "en",
			phone: null,
			locked: false,
			version: 1,
			created_at: "2026-01-01T00:00:00.000Z",
			updated_at: "2026-01-01T00:00:00.000Z"
		});
		expect(await call(shop.broker, actions.get, { id: "user-123" }, as(admin))).toEqual(self);
	});

	it("hides other accounts from everyone else", async () => {
		for (const role of ["customer", "support"] as const) {
			const attempt = call(shop.broker, actions.get, { id: "user-456" }, as({ ...alice, role }));
			await expectFailure(attempt, "NOT_FOUND");
		}
		const unknown = call(shop.broker, actions.get, { id: "nobody" }, as(admin));
		await expectFailure(unknown, "NOT_FOUND");
		await expectFailure(call(shop.broker, actions.get, {}), "UNAUTHENTICATED");
	});

	it("lists all of them in pages, newest first, to an admin only", async () => {
		const seen: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await call(
				shop.broker,
				actions.list,
				{ limit: 2, ...(cursor && { cursor }) },
				as(admin)
			);
			seen.push(...page.data.map(({ id }) => id));
			cursor = page.next_cursor ?? undefined;
		} while (cursor);
		const all = await shop.database.rows<{ id: string }>(
			"select id from users.users order by created_at desc, id desc"
		);
		expect(seen).toEqual(all.map(({ id }) => id));
		await expectFailure(call(shop.broker, actions.list, {}, as(alice)), "FORBIDDEN");
	});

	it.each(["x", "bm9wZQ", Buffer.from('["name","a","b"]').toString("base64url")])(
		"refuses the cursor %s",
		async cursor => {
			await expectFailure(
				call(shop.broker, actions.list, { cursor }, as(admin)),
				"VALIDATION_FAILED",
				{
					pointer: "/cursor"
				}
			);
		}
	);
});

describe("contacts", () => {
	const of = async (params: { ids?: string[]; role?: Role }) =>
		(await call(shop.broker, actions.contacts, params)).contacts;

	it("returns contact data of users, omitting those that do not exist", async () => {
		expect(await of({ ids: ["user-456", "nobody", "user-123"] })).toEqual([
			{
				id: "user-123",
				email: "alice@shop.test",
				name: "Alice Martin",
				locale: "en",
				phone: null
			},
			{
				id: "user-456",
				email: "bob@shop.test",
				name: "Bob Keller",
				locale: "de",
				phone: null
			}
		]);
		expect(await of({ ids: [] })).toEqual([]);
		expect(await of({})).toEqual([]);
	});

	it("returns contact data of all users of a role except locked ones", async () => {
		await register("second@shop.test", { locale: "de" });
		const id = await idOf("second@shop.test");
		const change = (changes: { role?: Role; locked?: boolean }) =>
			call(shop.broker, actions.update, { id, ...changes }, as(admin));
		await change({ role: "admin" });
		const admins = await of({ role: "admin" });
		expect(admins.map(contact => contact.id).sort()).toEqual([id, "user-admin"].sort());
		expect(admins.find(contact => contact.id === id)).toMatchObject({ locale: "de" });
		await change({ locked: true });
		expect((await of({ role: "admin" })).map(contact => contact.id)).toEqual(["user-admin"]);
	});

	it("is for services only", () => {
		expect(actions.contacts.access).toBe("internal");
	});
});

describe("changing an account", () => {
	it("changes the caller's own name", async () => {
		const changed = await call(
			shop.broker,
			actions.update,
			{ name: "Robert", version: 1 },
			as(bob)
		);
		expect(changed).toMatchObject({ name: "Robert", version: 2 });
	});

	it("changes the caller's own language and phone, and removes the phone", async () => {
		const asked = { locale: "en", phone: "+4930123456" } as const;
		expect(await call(shop.broker, actions.update, asked, as(bob))).toMatchObject(asked);
		const without = await call(shop.broker, actions.update, { phone: null }, as(bob));
		expect(without).toMatchObject({ locale: "en", phone: null });
		for (const phone of ["0301234", "+49 30 1", "+0123456789", "+1234567890123456", ""])
			await expectFailure(
				call(shop.broker, actions.update, { phone }, as(bob)),
				"VALIDATION_ERROR"
			);
	});

	describe("an account", () => {
		let number = 0;
		const get = (id: string) => call(shop.broker, actions.get, { id }, as(admin));
		versionedUpdate({
			async make() {
				const email = `versioned-${++number}@shop.test`;
				await register(email);
				return get(await idOf(email));
			},
			get,
			update: (id, version, n) => {
				const role = n % 2 ? "support" : "admin";
				return call(shop.broker, actions.update, { id, version, role }, as(admin));
			}
		});
	});

	it("lets only an admin set role and lock, and nobody another user's name", async () => {
		const grant = (params: object, user: Identity) =>
			call(shop.broker, actions.update, params as { role: "admin" }, as(user));
		await expectFailure(grant({ role: "admin" }, bob), "FORBIDDEN");
		await expectFailure(grant({ locked: true }, bob), "FORBIDDEN");
		await expectFailure(grant({ id: "user-123", name: "x" }, bob), "NOT_FOUND");
		await expectFailure(grant({ id: "user-123", name: "x" }, admin), "FORBIDDEN");
		for (const personal of [{ locale: "de" }, { phone: null }])
			await expectFailure(grant({ id: "user-123", ...personal }, admin), "FORBIDDEN");
		const promoted = await grant({ id: "user-456", role: "support" }, admin);
		expect(promoted.role).toBe("support");
		await expectFailure(grant({ id: "nobody", role: "admin" }, admin), "NOT_FOUND");
	});
});

describe("the service", () => {
	it("responds to ready, and publishes no action of moleculer-db", async () => {
		expect(await call(shop.broker, actions.ready, {})).toEqual({ ok: true });
		const names = shop.broker.registry.getActionList({}).map(action => action.name);
		expect(names.sort()).toEqual(
			Object.values(actions)
				.map(({ name }) => name)
				.sort()
		);
	});

	it("signs nobody in with the published password in production, and anybody with their own", async () => {
		const production = await startNode(
			[userService],
			{ DATABASE_URL: shop.database.url, ...tokenKey },
			{ production: true }
		);
		const credentials = { email: "owner@shop.test", password: "a-Long-enough-1" };
		await call(production, actions.create, credentials);
		for (const email of ["admin@shop.test", "alice@shop.test"])
			await expectFailure(
				call(production, actions.authenticate, { email, password }),
				"INVALID_CREDENTIALS"
			);
		expect((await call(production, actions.authenticate, credentials)).token_type).toBe("Bearer");
		await production.stop();
		const environment = { DATABASE_URL: shop.database.url, ...tokenKey };
		await (await startNode([userService], environment)).stop();
		expect((await signIn("admin@shop.test")).token_type).toBe("Bearer");
	});

	it("does not start without a key to sign with", async () => {
		const attempt = startNode([userService], { DATABASE_URL: shop.database.url });
		await expect(attempt).rejects.toThrow("Set TOKEN_PRIVATE_KEY");
	});

	it("starts while the database is down, and reports that it is not ready", async () => {
		const lonely = await startNode([userService], {
			DATABASE_URL: "postgres://postgres:dev@127.0.0.1:1/none",
			...tokenKey
		});
		await expect(call(lonely, actions.ready, {})).rejects.toThrow();
		await lonely.stop();
	});

	it("cannot read the schema of another service", async () => {
		for (const [service, table] of [
			["user", "product.products"],
			["user", "product.stock"],
			["user", "orders.orders"],
			["product", "users.users"],
			["product", "payment.payments"]
		] as const) {
			const client = new pg.Client({ connectionString: serviceUrl(shop.database.url, service) });
			await client.connect();
			const attempt = client.query(`select * from ${table}`);
			await expectSqlState(attempt, "42501");
			await client.end();
		}
	});
});
