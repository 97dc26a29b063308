import { generateKeyPairSync } from "node:crypto";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { freePort } from "../../../launch/process/free-port.ts";
import { startNats, type NatsServer } from "../../../launch/servers/nats-server.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { launch, run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

/** `npm run node`: one node that is given its servers. */

let database: TestDatabase;
let nats: NatsServer | undefined;

const onCrash = (reason: string) => console.error(reason);
const openBus = async (directory: string, password?: string) =>
	(nats = await startNats({
		directory,
		progress: () => undefined,
		onCrash,
		...(password && { password })
	}));

beforeAll(async () => {
	database = await testDatabase();
});
afterEach(async () => {
	await nats?.stop();
	nats = undefined;
});
afterAll(() => database?.drop());

const settings = () => ({ SERVICES: "user", DATABASE_URL: database.url, DATA_DIR: "/dev/null/no" });

it("names every server that it needs and was not given", async () => {
	const { code, output } = await run("node.ts", [], { SERVICES: "order" });
	expect(code).toBe(78);
	expect(output).toContain("DATABASE_URL: is needed by order, or instead of it ORDER_DATABASE_URL");
	expect(output).toContain("NATS_URL: is needed to reach user, product, payment");
});

it.each([
	["a wrong password", (url: string) => url.replace(/:[^:@]+@/, ":wrong@"), "refuses the user or"],
	["no password", (url: string) => url.replace(/\/\/.*@/, "//"), "refuses the user or"],
	[
		"TLS that the bus does not offer",
		(url: string) => url.replace("nats:", "tls:"),
		"offers no TLS"
	]
])(
	"ends with a sentence because of %s",
	async (_, change, words) => {
		const { url } = await openBus(temporaryFolder());
		const { code, output } = await run("node.ts", [], { ...settings(), NATS_URL: change(url) });
		expect([code, output]).toEqual([1, expect.stringContaining(words)]);
		expect(output).not.toContain(new URL(url).password);
	},
	30_000
);

it("waits for a bus that comes later, and needs no folder when its key is given", async () => {
	const port = String(await freePort());
	const nowhere = `nats://shop:secret@127.0.0.1:${await freePort()}`;
	const toBus = await Proxy.open(nowhere);
	const { privateKey } = generateKeyPairSync("ed25519");
	const node = launch("node.ts", [], {
		...settings(),
		TOKEN_PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
		NATS_URL: toBus.url,
		HEALTH_PORT: port,
		LOG_LEVEL: "warn"
	});
	const isReady = () =>
		fetch(`http://127.0.0.1:${port}/health/ready`).then(
			({ ok }) => ok,
			() => false
		);
	try {
		await until(() => node.output().includes("NATS error"), 20_000);
		expect(node.child.exitCode).toBeNull();
		const { url } = await openBus(temporaryFolder(), "secret");
		toBus.target = new URL(url);
		await until(isReady, 60_000);
	} finally {
		node.child.kill("SIGKILL");
		await toBus.close();
	}
}, 90_000);
