import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { connect, type ServerInfo } from "nats";
import { toConfig, useConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { nodeNames, serviceCalls, type NodeName } from "../../../config/node-servers.ts";
import { checkNats } from "../../../launch/servers/nats-connection.ts";
import { type NatsServer, startNats } from "../../../launch/servers/nats-server.ts";
import { tokenKeys } from "../../../launch/shop/token-keys.ts";
import brokerOptions from "../../../moleculer.config.ts";
import gatewayService from "../../../services/gateway/gateway.service.ts";
import webhookService from "../../../services/webhook/webhook.service.ts";
import { trustedCertificate } from "../../support/servers/mail-server.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { signIn } from "../../support/shop/api-client.ts";
import { address } from "../../support/shop/orders.ts";
import { allServices } from "../../support/shop/services.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { until } from "../../support/until.ts";

/** The bus of a cluster, whose users may only do what k8s/base/nats/permissions.conf allows. */

const manifests = join(import.meta.dirname, "../../../k8s");
const read = (file: string) => readFileSync(join(manifests, file), "utf8");
const permissions = read("base/nats/permissions.conf");
const passwords = Object.fromEntries(
	nodeNames.map(name => [name, `p${randomBytes(9).toString("hex")}`])
) as Record<NodeName, string>;

const environment = Object.fromEntries(
	nodeNames.map(name => [`NATS_${name.toUpperCase()}_PASSWORD`, passwords[name]])
);

let nats: NatsServer;
let database: TestDatabase;
const nodes = new Map<NodeName, ServiceBroker>();

const urlFor = (name: NodeName) => nats.url.replace("://", `://${name}:${passwords[name]}@`);

/** A node with its own user and an id as moleculer.config.ts gives it. */
function nodeOf(name: NodeName, schemas: ServiceSchema[]): ServiceBroker {
	const { transporter, ...options } = brokerOptions();
	const { options: bus } = transporter as { options: object };
	const broker = new ServiceBroker({
		...options,
		nodeID: `${name}.host-1-${randomBytes(3).toString("hex")}`,
		transporter: { type: "NATS", options: { ...bus, url: urlFor(name) } },
		logger: false
	});
	for (const schema of schemas) broker.createService(schema);
	return broker;
}

beforeAll(async () => {
	database = await testDatabase();
	nats = await startNats({
		directory: temporaryFolder(),
		configuration: { text: permissions, environment },
		progress: () => undefined,
		onCrash: reason => console.error(reason)
	});
	const env = {
		NODE_ENV: "test",
		PORT: "0",
		LOG_LEVEL: "error",
		DATABASE_URL: database.url,
		DATA_DIR: temporaryFolder(),
		NATS_URL: nats.url
	};
	const config = toConfig(readEnvironment({ ...env, ...newTokenKey() }));
	const keys = tokenKeys(config, () => "");
	useConfig({ ...config, token: { ...config.token, ...keys } });
	for (const schema of [...allServices, webhookService, gatewayService]) {
		const name = schema.name as NodeName;
		nodes.set(name, nodeOf(name, [schema]));
	}
	await Promise.all([...nodes.values()].map(node => node.start()));
	await nodes.get("gateway")!.waitForServices(nodeNames.filter(name => name !== "gateway"));
}, 120_000);

afterAll(async () => {
	await Promise.all([...nodes.values()].map(node => node.stop()));
	await nats?.stop();
	await database?.drop();
}, 60_000);

const violations = () =>
	readFileSync(nats.log, "utf8")
		.split("\n")
		.filter(line => line.includes("Violation"));

it("lets an order pass through nodes that each have a user of their own", async () => {
	const gateway = nodes.get("gateway")!.getLocalService("gateway") as unknown as { port(): number };
	const { alice, admin } = await signIn(`http://127.0.0.1:${gateway.port()}`);
	const order = {
		items: [{ product_id: "prod-001", quantity: 1 }],
		shipping_address: address,
		payment_method: "pm_card_visa"
	};
	const { status, body } = await alice.post("/api/v1/orders", order, {
		headers: { prefer: "wait=9" }
	});
	expect([status, body.status]).toEqual([201, "confirmed"]);
	// Its message needs a call of the notification service to the user service.
	await until(
		async () => (await alice.get("/api/v1/notifications")).text.includes('"sent"'),
		60_000
	);
	const { checks } = (await admin.get("/health")).body as { checks: object };
	expect(new Set(Object.values(checks))).toEqual(new Set(["up"]));
	expect(violations()).toEqual([]);
}, 120_000);

type Act = [act: "publish" | "subscribe", subject: string];

/** Those that the server lets this user do, by its log. */
async function allowed(name: NodeName, acts: readonly Act[]): Promise<Act[]> {
	const client = await connect({ servers: nats.url, user: name, pass: passwords[name] });
	const before = violations().length;
	for (const [act, subject] of acts)
		if (act === "publish") client.publish(subject);
		else client.subscribe(subject, { callback: () => undefined });
	await client.flush();
	await client.close();
	const refused = violations().slice(before);
	const kinds = { publish: "Publish", subscribe: "Subscription" };
	return acts.filter(
		([act, subject]) =>
			!refused.some(
				line => line.includes(`${kinds[act]} Violation`) && line.includes(`"${subject}"`)
			)
	);
}

describe("allows", () => {
	it.each(nodeNames)(
		"%s to call, answer and hear what its arrows say, and nothing else",
		async name => {
			const calls = (caller: NodeName, callee: NodeName) =>
				serviceCalls[caller].some(one => one === callee);
			const requests = nodeNames.map((other): Act => [
				"publish",
				`MOL-shop.REQ.${other}.host-1-abc`
			]);
			const answers = nodeNames.map((other): Act => [
				"publish",
				`MOL-shop.RES.${other}.host-1-abc`
			]);
			const heard = nodeNames.flatMap(other =>
				["REQ", "RES", "EVENT", "INFO", "*"].map((kind): Act => [
					"subscribe",
					`MOL-shop.${kind}.${other}.>`
				])
			);
			const wide = [
				">",
				"MOL-shop.>",
				"MOL-*.REQ.>",
				"MOL-other.DISCOVER",
				"MOL-shop.REQ.*.x",
				"_INBOX.>"
			];
			const others = wide.flatMap((subject): Act[] => [
				["publish", subject.replace(/>$/, "x")],
				["subscribe", subject]
			]);
			expect(await allowed(name, [...requests, ...answers, ...heard, ...others])).toEqual([
				...requests.filter((_, index) => calls(name, nodeNames[index]!)),
				...answers.filter((_, index) => calls(nodeNames[index]!, name)),
				...heard.filter(([, subject]) => subject.split(".")[2] === name)
			]);
		}
	);
});

describe("refuses", () => {
	it("a call outside of the arrows, which is never answered", async () => {
		const before = violations().length;
		const user = nodes.get("order")!.call("user.ready", {}, { timeout: 500 });
		await expect(user).rejects.toThrow();
		expect(violations().slice(before).join("\n")).toMatch(
			/Publish Violation.*MOL-shop\.REQ\.user\./
		);
	});

	it("calls to an action of another service that a node announces", async () => {
		const logins: unknown[] = [];
		const handler = (ctx: { params: unknown }) => void logins.push(ctx.params);
		const thief = nodeOf("webhook", [
			{ name: "user", actions: { login: { access: "anyone", handler } } }
		] as unknown as ServiceSchema[]);
		await thief.start();
		try {
			const gateway = nodes.get("gateway")!;
			await until(async () => gateway.registry.nodes.has(thief.nodeID), 10_000);
			for (let n = 0; n < 4; n++)
				await gateway
					.call("user.login", { email: "alice@shop.test", password: "not-hers" })
					.catch(() => undefined);
			expect(logins).toEqual([]);
		} finally {
			await thief.stop();
		}
	});

	it("a user without its password", async () => {
		const client = connect({ servers: nats.url, user: "order", pass: "wrong" });
		await expect(client).rejects.toThrow(/authorization/i);
	});
});

describe("the configuration of production", () => {
	it("is taken by a server, which demands TLS and a password, and says that it is one of three", async () => {
		const folder = temporaryFolder();
		const { key, cert } = trustedCertificate();
		for (const [file, text] of Object.entries({ "tls.crt": cert, "tls.key": key, "ca.crt": cert }))
			writeFileSync(join(folder, file), text);
		const included = ["permissions.conf", "tls.conf"].map(file => read(`base/nats/${file}`));
		const text = [
			// Ports of this host that other tests may use.
			read("base/nats/nats.conf").replace(/^(listen|http|include).*$/gm, ""),
			...included,
			read("overlays/production/nats-cluster.conf").replace("0.0.0.0:6222", "127.0.0.1:-1")
		];
		const server = await startNats({
			directory: temporaryFolder(),
			configuration: {
				text: text.join("\n").replaceAll("/etc/nats-tls", folder),
				environment: { ...environment, POD_NAME: "nats-0" }
			},
			progress: () => undefined,
			onCrash: reason => console.error(reason)
		});
		try {
			const url = server.url.replace("nats://127.0.0.1", "tls://user:PASSWORD@localhost");
			await checkNats(url.replace("user:PASSWORD", `order:${passwords.order}`));
			await expect(checkNats(url)).rejects.toThrow("refuses the user or the password");
			const client = await connect({
				servers: url.slice(url.indexOf("@") + 1),
				user: "order",
				pass: passwords.order,
				tls: {}
			});
			const { server_name, tls_required, cluster } = client.info as ServerInfo & {
				server_name: string;
				cluster: string;
			};
			expect([server_name, tls_required, cluster]).toEqual(["nats-0", true, "shop"]);
			await client.close();
		} finally {
			await server.stop();
		}
	});
});
