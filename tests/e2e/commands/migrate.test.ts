import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { freePort } from "../../../launch/process/free-port.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { launch, run } from "../../support/servers/processes.ts";
import { until } from "../../support/until.ts";

/** npm run migrate on a Postgres that is not there yet. */

let database: TestDatabase;
beforeAll(async () => (database = await testDatabase("template1")));
afterAll(() => database.drop());

/** The database, at a port where nothing listens until `open` is called. */
async function laterDatabase() {
	const port = await freePort();
	const url = new URL(database.url);
	const behind = { host: url.hostname, port: Number(url.port) };
	[url.hostname, url.port] = ["127.0.0.1", String(port)];
	const open = async (): Promise<Server> => {
		const server = createServer(socket => {
			const further = connect(behind);
			for (const one of [socket, further]) one.on("error", () => undefined);
			socket.pipe(further).pipe(socket);
		});
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		return server;
	};
	return { DATABASE_URL: url.toString(), host: url.host, open };
}

it("waits with --wait for a Postgres that comes up later, and says so", async () => {
	const { DATABASE_URL, host, open } = await laterDatabase();
	const { child, output } = launch("migrate.ts", ["--wait", "60"], { DATABASE_URL });
	const ended = once(child, "exit");
	await until(async () => output().includes("does not answer yet"), 30_000);
	const server = await open();
	expect([await ended, output()]).toEqual([
		[0, null],
		expect.stringContaining("The database is up to date.")
	]);
	expect(output()).toContain(`Postgres at ${host} does not answer yet (ECONNREFUSED): tries for `);
	server.close();
}, 90_000);

it.each<[string, string[]]>([
	["without --wait", []],
	["when the time is over", ["--wait", "3"]]
])("ends with the same sentence %s", async (_, args) => {
	const { DATABASE_URL, host } = await laterDatabase();
	const { code, output } = await run("migrate.ts", args, { DATABASE_URL });
	expect([code, output.split("\n").at(-2)]).toEqual([
		1,
		`No Postgres answers at ${host}: start it, or correct DATABASE_URL.`
	]);
});

it("does not wait after a wrong password", async () => {
	const url = new URL(database.url);
	url.password = "not-the-password";
	const { code, output } = await run("migrate.ts", ["--wait", "600"], {
		DATABASE_URL: url.toString()
	});
	expect([code, output]).toEqual([
		1,
		`Postgres at ${url.host} refuses the password of ${url.username}: correct DATABASE_URL.\n`
	]);
});
