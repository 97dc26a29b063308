import { migrate, migrations } from "../../../db/migrate.ts";
import { user } from "../../../contracts/user.ts";
import { call } from "../../../lib/service.ts";
import userService from "../../../services/user/user.service.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";

/** A database from before the list of standings and the counts of attempts. */

const isLater = /^(0004_standings|0005_attempts)/;
const hash =
	"$argon2id$v=19$m=19456,t=2,p=1$s04Z/UyXV7iL9IvVbmwPUw$+0iFFg35wa7a9U7sF6Aa7vd4IKv44hWPLL2xqsrqxog";
const accounts = [
	["locked", "customer", true],
	["locked-admin", "admin", true],
	["free", "customer", false],
	["free-admin", "admin", false]
] as const;

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase("template1");
	const all = await migrations();
	await migrate(
		database.url,
		all.filter(({ service, file }) => service !== "user" || !isLater.test(file))
	);
	for (const [id, role, locked] of accounts)
		await database.rows(
			"insert into users.users (id, email, name, password_hash, role, locked) values ($1, $1 || '@shop.test', $1, $2, $3, $4)",
			[id, hash, role, locked]
		);
	await migrate(database.url);
}, 60_000);
afterAll(() => database.drop());

it("lists the accounts that were locked before, and no other account", async () => {
	const node = await startNode([userService], { DATABASE_URL: database.url, ...newTokenKey() });
	try {
		const page = await call(node, user.actions["standing.list"], { after: 0, limit: 100 });
		expect(page.data.sort((a, b) => a.id.localeCompare(b.id))).toEqual([
			{ id: "locked", role: "customer", locked: true },
			{ id: "locked-admin", role: "admin", locked: true }
		]);
		expect(page.next).toBe(page.last);
		await call(
			node,
			user.actions.update,
			{ id: "free", locked: true },
			{ meta: { user: { id: "free-admin", role: "admin" } } }
		);
		const later = await call(node, user.actions["standing.list"], { after: page.last, limit: 100 });
		expect(later.data).toEqual([{ id: "free", role: "customer", locked: true }]);
	} finally {
		await node.stop();
	}
});

it("keeps the accounts as they were, and they sign in", async () => {
	const rows = await database.rows("select id, role, version from users.users order by id");
	expect(rows).toEqual(
		accounts
			.map(([id, role]) => ({ id, role, version: id === "free" ? 2 : 1 }))
			.sort((a, b) => a.id.localeCompare(b.id))
	);
	const node = await startNode([userService], { DATABASE_URL: database.url, ...newTokenKey() });
	try {
		const credentials = { email: "free-admin@shop.test", password: "demo-Password-1" };
		const { user: found } = await call(node, user.actions.authenticate, credentials, {
			meta: { network: "192.0.2.1" }
		});
		expect(found).toMatchObject({ id: "free-admin", role: "admin" });
		expect(
			await database.rows("select points from users.attempts where key like 'known:%'")
		).toEqual([{ points: 1 }]);
	} finally {
		await node.stop();
	}
});
