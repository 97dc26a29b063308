import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { buildPatchedTree } from "../../../chaos/mutations/patched-tree.ts";
import { freePort } from "../../../launch/process/free-port.ts";
import { DataFolder } from "../../../launch/shop/data-folder.ts";
import { testDatabase } from "../../support/servers/database.ts";
import { launch, run, startShop } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

let DATA_DIR: string;
let PORT: string;

beforeEach(async () => {
	DATA_DIR = temporaryFolder();
	PORT = String(await freePort());
});
afterEach(() => rmSync(DATA_DIR, { recursive: true, force: true }));

const start = (env: Record<string, string> = {}, ...args: string[]) =>
	run("start.ts", args, { DATA_DIR, PORT, ...env });

describe("npm start with DATABASE_URL", () => {
	it("uses that server and embeds nothing", async () => {
		const database = await testDatabase();
		const shop = await startShop({ DATABASE_URL: database.url, DATA_DIR });
		try {
			expect(shop.output()).toContain("the one of DATABASE_URL");
			expect(readdirSync(DATA_DIR).filter(name => name.startsWith("postgres"))).toEqual([]);
			const [row] = await database.rows<{ n: number }>(
				"select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name like 'shop %'"
			);
			expect(row!.n).toBeGreaterThan(0);
		} finally {
			await shop.stop();
			await database.drop();
		}
	}, 30_000);

	it("says that the password is wrong, without printing it", async () => {
		const url = new URL(process.env.TEST_DATABASE_URL!);
		url.password = "not-the-password";
		const { code, output } = await start({ DATABASE_URL: url.toString() });
		expect(output).toMatch(/^Postgres at .* refuses the password of \w+: correct DATABASE_URL\.$/m);
		expect(output).not.toContain("not-the-password");
		expect(code).toBe(1);
	});

	it("says that nothing answers there", async () => {
		const DATABASE_URL = `postgres://shop:x@127.0.0.1:${await freePort()}/shop`;
		const { code, output } = await start({ DATABASE_URL });
		expect(output).toContain("No Postgres answers at 127.0.0.1");
		expect(code).toBe(1);
	});

	it("refuses to empty a database that is not its own", async () => {
		const { code, output } = await start({ DATABASE_URL: "postgres://a:b@c/d" }, "--fresh");
		expect(output).toContain("--fresh empties the embedded database only");
		expect(code).toBe(64);
	});
});

describe("npm start refuses in a sentence", () => {
	it("a port that is taken, before it creates anything", async () => {
		const server = createServer().listen(0, "127.0.0.1");
		await once(server, "listening");
		const port = (server.address() as AddressInfo).port;
		const { code, output } = await start({ PORT: String(port) });
		server.close();
		expect(output).toContain(`Port ${port} is taken: stop what listens there`);
		expect(code).toBe(1);
		expect(existsSync(join(DATA_DIR, "postgres"))).toBe(false);
	});

	it("a port for metrics that is taken, by its own name", async () => {
		const server = createServer().listen(0, "127.0.0.1");
		await once(server, "listening");
		const port = (server.address() as AddressInfo).port;
		const { code, output } = await start({ METRICS_PORT: String(port) });
		server.close();
		expect(output).toMatch(new RegExp(`^Port ${port} is taken: .* METRICS_PORT=\\d+ npm start`));
		expect(code).toBe(1);
	});

	it.each([
		["cluster.ts", "npm run cluster"],
		["dev.ts", "npm run dev"],
		["repl.ts", "npm run repl"]
	])("a port that is taken, with the command that was typed: %s", async (script, command) => {
		const server = createServer().listen(0, "127.0.0.1");
		await once(server, "listening");
		const port = String((server.address() as AddressInfo).port);
		const { code, output } = await run(script, [], { DATA_DIR, HOME: DATA_DIR, PORT: port });
		server.close();
		expect(output).toMatch(new RegExp(`another one: PORT=\\d+ ${command}\\.$`, "m"));
		expect(code).toBe(1);
	});

	it.each([
		[{ PORT: "65535" }, "PORT=65535 leaves no port for each of 2"],
		[{ METRICS_PORT: "65530" }, "METRICS_PORT=65530 leaves no port for each of 9"],
		[{ PORT: "8080", HEALTH_PORT: "8081" }, "Port 8081 would be one of PORT and of HEALTH_PORT"]
	])("ports of two gateways that do not fit: %j", async (env, sentence) => {
		const { code, output } = await run("cluster.ts", ["gateway=2"], {
			DATA_DIR,
			HOME: DATA_DIR,
			...env
		});
		expect(output).toContain(sentence);
		expect(code).toBe(78);
	});

	it.each(["300.1.1.1", "192.0.2.9"])("to listen on %s", async HOST => {
		const { code, output } = await start({ HOST, PORT: "0" });
		expect(output).toMatch(
			new RegExp(`^HOST=${HOST} is no address of this machine \\(E\\w+\\): .*127\\.0\\.0\\.1.*\\n$`)
		);
		expect(code).toBe(1);
	});

	it("a data folder that is a file", async () => {
		const file = join(DATA_DIR, "file");
		writeFileSync(file, "");
		for (const path of [file, join(file, "below")]) {
			const { code, output } = await start({ DATA_DIR: path });
			expect(output).toBe(
				`${path} cannot be created: a file with this name exists: set DATA_DIR to another one.\n`
			);
			expect(code).toBe(1);
		}
	});

	it("a data folder that is not writable", async () => {
		const { code, output } = await start({ DATA_DIR: "/proc" });
		expect(output).toMatch(/^\/proc\/lock is not writable \(.*\): .* set DATA_DIR .*\n$/);
		expect(code).toBe(1);
	});

	it.each(["start.ts", "cluster.ts", "repl.ts"])("a bus that does not answer: %s", async script => {
		const NATS_URL = "nats://ann:not-to-be-told@127.0.0.1:1";
		const { code, output } = await run(script, [], { DATA_DIR, PORT, NATS_URL, HOME: DATA_DIR });
		expect(output).toContain("No NATS server answers at 127.0.0.1:1 (CONNECTION_REFUSED): ");
		expect(output).not.toMatch(/not-to-be-told|^\s+at /m);
		expect(code).toBe(1);
		expect(existsSync(join(DATA_DIR, "postgres"))).toBe(false);
	});

	it("a bus without TLS where it is demanded", async () => {
		const NATS_URL = process.env.TEST_NATS_URL!.replace("nats:", "tls:");
		const { code, output } = await start({ NATS_URL });
		expect(output).toMatch(/^NATS at 127\.0\.0\.1:\d+ offers no TLS: .*\n$/);
		expect(code).toBe(1);
	});

	it("an invalid configuration, with all of its errors", async () => {
		const { code, output } = await start({ PORT: "eighty", LOG_LEVEL: "loud", NATS_URL: "x" });
		for (const name of ["PORT", "LOG_LEVEL", "NATS_URL"]) expect(output).toContain(`  ${name}: `);
		expect(code).toBe(78);
	});

	it("production without token keys", async () => {
		const providers = {
			PAYMENT_PROVIDER: "simulator",
			MAIL_DRIVER: "mailbox",
			METRICS_PORT: "0"
		};
		const { code, output } = await start({ NODE_ENV: "production", ...providers });
		for (const name of ["TOKEN_PRIVATE_KEY", "PUBLIC_URL"])
			expect(output).toContain(`  ${name}: must be set with NODE_ENV=production`);
		// It is made of the private one.
		expect(output).not.toContain("TOKEN_PUBLIC_KEY");
		expect(code).toBe(78);
	});

	describe("production on a database", () => {
		const { privateKey, publicKey } = generateKeyPairSync("ed25519");
		const production = {
			NODE_ENV: "production",
			PAYMENT_PROVIDER: "simulator",
			MAIL_DRIVER: "mailbox",
			METRICS_PORT: "0",
			PUBLIC_URL: "https://shop.example",
			TOKEN_PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
			TOKEN_PUBLIC_KEY: publicKey.export({ type: "spki", format: "pem" }).toString()
		};

		it("with --fresh, also its own", async () => {
			const { code, output } = await start(production, "--fresh");
			expect(output).toContain("--fresh deletes all orders, which NODE_ENV=production does not do");
			expect(code).toBe(64);
		});

		it.each(["start.ts", "cluster.ts", "migrate.ts"])(
			"with the demo accounts, and names them: %s",
			async script => {
				const database = await testDatabase();
				const env = { DATA_DIR, PORT, DATABASE_URL: database.url, ...production };
				const all = await run(script, [], env);
				expect(all.output).toMatch(
					/^The database has demo accounts, .*: admin@shop\.test, alice@shop\.test, bob@shop\.test, support@shop\.test\. .*\n$/m
				);
				expect(all.code).toBe(78);
				await database.rows(
					"update users.users set email = 'boss@shop.example' where role = 'admin'"
				);
				await database.rows("update users.users set locked = true where role <> 'admin'");
				const one = await run(script, [], env);
				expect(one.output).toContain("is published: boss@shop.example. ");
				await database.drop();
			}
		);
	});

	it("data of another Postgres major", async () => {
		mkdirSync(join(DATA_DIR, "postgres"));
		writeFileSync(join(DATA_DIR, "postgres/PG_VERSION"), "17\n");
		const { code, output } = await start();
		expect(output).toMatch(/holds data of Postgres 17 and this shop brings Postgres 18: .*--fresh/);
		expect(code).toBe(1);
	});

	it("a data folder that a live shop uses", async () => {
		const unlock = new DataFolder(DATA_DIR).lock();
		const { code, output } = await start();
		unlock();
		expect(output).toContain(`A shop already runs on ${DATA_DIR}`);
		expect(code).toBe(1);
	});

	it("an unknown flag", async () => {
		const { code, output } = await start({}, "--frsh");
		expect(output).toContain("Usage: npm start");
		expect(code).toBe(64);
	});
});

describe("npm run migrate", () => {
	it("prepares the database of DATABASE_URL and ends", async () => {
		const database = await testDatabase();
		await database.rows("drop schema payment cascade");
		await database.rows("delete from migration where service = 'payment'");
		const { code, output } = await run("migrate.ts", [], { DATABASE_URL: database.url, DATA_DIR });
		expect(output).toMatch(/migrations run: \d\nThe database is up to date\.\n$/);
		expect(code).toBe(0);
		await database.rows("select from payment.payments limit 1");
		await database.drop();
	}, 20_000);

	it("refuses migrations whose files are wrong, before it runs one", async () => {
		const tree = temporaryFolder();
		buildPatchedTree(join(import.meta.dirname, "../../.."), tree, []);
		const folder = join(tree, "services/order/migrations");
		const next = String(readdirSync(folder).length + 1).padStart(4, "0");
		const index = (name: string) => `create index concurrently ${name} on orders (id);\n`;
		const database = await testDatabase("template1");
		const migrate = async (text: string) => {
			writeFileSync(join(folder, `${next}_b.sql`), text);
			const env = { DATABASE_URL: database.url, DATA_DIR };
			const { child, output } = launch("migrate.ts", [], env, tree);
			await once(child, "close");
			expect(child.exitCode).toBe(78);
			expect(await database.rows("select to_regclass('public.migration') as name")).toEqual([
				{ name: null }
			]);
			return output();
		};
		try {
			expect(await migrate(`-- outside a transaction\n${index("a")}${index("b")}`)).toBe(
				`Migration order/${next}_b.sql has 2 statements; one outside a transaction has one.\n`
			);
			writeFileSync(join(folder, `${next}_a.sql`), "select 1;\n");
			writeFileSync(join(folder, "brand.SQL"), "select 1;\n");
			const refusals = (await migrate("select 1;\n")).split(/(?<=\.)\n/);
			expect(refusals[0]).toMatch(/: rename order\/brand\.SQL\.$/);
			expect(refusals.slice(1)).toEqual([
				`Migrations order/${next}_a.sql and order/${next}_b.sql have the same number: renumber one.`,
				""
			]);
		} finally {
			await database.drop();
			rmSync(tree, { recursive: true });
		}
	}, 30_000);

	it("requires DATABASE_URL", async () => {
		const { code, output } = await run("migrate.ts", [], { DATA_DIR });
		expect(output).toContain("Set DATABASE_URL");
		expect(code).toBe(78);
	});
});
