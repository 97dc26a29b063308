import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { run, startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const production = {
	NODE_ENV: "production",
	PAYMENT_PROVIDER: "simulator",
	MAIL_DRIVER: "mailbox",
	METRICS_PORT: "0",
	PUBLIC_URL: "https://shop.example",
	TOKEN_PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString()
};
const password = "a long enough password";
const hint =
	"There is no admin yet: with the settings of this shop, npm run admin -- create you@example.com";

describe("npm run admin", () => {
	let database: TestDatabase;
	let passwordFile: string;
	let shop: Running;
	const admin = (args: string[], input = "", env: Record<string, string> = {}) =>
		run("admin.ts", args, { DATABASE_URL: database.url, NODE_ENV: "production", ...env }, input);

	beforeAll(async () => {
		database = await testDatabase();
		// Production does not start with demo accounts that can sign in.
		await database.rows("delete from users.users where role <> 'customer'");
		await database.rows("update users.users set locked = true");
		passwordFile = join(temporaryFolder(), "password");
		writeFileSync(passwordFile, `${password}\n`);
		shop = await startShop({ DATABASE_URL: database.url, ...production });
	}, 60_000);

	afterAll(async () => {
		await shop?.stop();
		await database?.drop();
	});

	const signIn = (email: string) =>
		fetch(`${shop.url}/api/v1/auth/login`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ email, password })
		});

	it("makes the first admin of a production shop that runs, which asks for one", async () => {
		expect(shop.output()).toContain(hint);
		const { code, output } = await admin([
			"create",
			"First.Admin@Shop.example",
			"--password-file",
			passwordFile
		]);
		const { host, pathname } = new URL(database.url);
		expect(output).toBe(
			`first.admin@shop.example is an admin, who can sign in by POST /api/v1/auth/login.\nThe account is in the database ${pathname.slice(1)} at ${host}.\n`
		);
		expect(code).toBe(0);
		const answer = await signIn("first.admin@shop.example");
		const { access_token } = (await answer.json()) as { access_token: string };
		const users = await fetch(`${shop.url}/api/v1/users`, {
			headers: { authorization: `Bearer ${access_token}` }
		});
		expect(users.status).toBe(200);
	});

	it("is not asked for any more once there is one", async () => {
		const { output } = await run("migrate.ts", [], {
			DATABASE_URL: database.url,
			NODE_ENV: "production"
		});
		expect(output).not.toContain("There is no admin");
		await database.rows("delete from users.users where role = 'admin'");
		const without = await run("migrate.ts", [], {
			DATABASE_URL: database.url,
			NODE_ENV: "production"
		});
		expect(without.output).toContain(hint);
	});

	it.each([
		["standard input", ["create", "second@shop.example", "--password-file", "-"], 0, "is an admin"],
		[
			"an address that an admin has",
			["create", "second@shop.example", "--password-file", "-"],
			1,
			"second@shop.example is an admin already: nothing was changed"
		],
		[
			"a taken address",
			["create", "bob@shop.test", "--password-file", "-"],
			1,
			"npm run admin -- promote bob@shop.test"
		],
		["no address", ["create", "second", "--password-file", "-"], 1, "second is no e-mail address"],
		[
			"a missing file",
			["create", "third@shop.example", "--password-file", "/none"],
			64,
			"cannot be read"
		],
		[
			"no terminal",
			["create", "third@shop.example"],
			64,
			"There is no terminal to ask for a password"
		],
		["an account", ["promote", "bob@shop.test"], 0, "is an admin, and still locked"],
		[
			"an address that an admin has who is locked",
			["create", "bob@shop.test", "--password-file", "-"],
			1,
			"bob@shop.test is an admin already, and locked: another admin unlocks it"
		],
		["an admin", ["promote", "second@shop.example"], 0, "is an admin already"],
		["no account", ["promote", "none@shop.test"], 1, "none@shop.test has no account"],
		["no command", [], 64, "Usage: npm run admin"],
		["too many words", ["list", "all"], 64, "Not understood: list all"]
	])("answers in a sentence: %s", async (_, args, code, text) => {
		const ended = await admin(args, `${password}\n`);
		expect(ended.output).toContain(text);
		expect(ended.output).not.toContain("    at ");
		expect(ended.code).toBe(code);
	});

	it("refuses a password that is easy to guess, and one that is short", async () => {
		for (const weak of ["password1234", "short"]) {
			const ended = await admin(["create", "w@shop.example", "--password-file", "-"], weak);
			expect(ended.output).toMatch(/^Nothing was changed: /);
			expect(ended.code).toBe(1);
		}
	});

	it("lists the staff", async () => {
		const { output } = await admin(["list"]);
		expect(output).toContain("admin    second@shop.example\n");
		expect(output).toContain("admin    bob@shop.test   (locked)\n");
	});
});
