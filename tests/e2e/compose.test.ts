import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../launch/process/free-port.ts";
import { type NatsServer, startNats } from "../../launch/servers/nats-server.ts";
import { ofShop, readCompose, type ComposeService } from "../deployment/compose-file.ts";
import { testDatabase, type TestDatabase } from "../support/servers/database.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../support/servers/kafka.ts";
import { launch } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { signIn } from "../support/shop/api-client.ts";
import { address } from "../support/shop/orders.ts";
import { until } from "../support/until.ts";

/**
 * What docker-compose.yml would run, as processes of this host: the same commands with the same settings, in the order of
 * its dependencies. Only addresses, ports and folders are replaced.
 */

const compose = readCompose();
const root = join(import.meta.dirname, "../..");

/** `ENV` of the Dockerfile. */
function ofImage(): Record<string, string> {
	const [, block = ""] = /^ENV ((?:.*\\\n)*.*)$/m.exec(
		readFileSync(join(root, "Dockerfile"), "utf8")
	)!;
	return Object.fromEntries(
		Array.from(block.matchAll(/(\w+)=(\S+)/g), ([, name, value]) => [name!, value!])
	);
}

/** The settings of Kafka that are not about its addresses, as its properties are called. */
const kafkaSettings = Object.fromEntries(
	Object.entries(compose.services.kafka!.environment!)
		.filter(([name]) => !/LISTENER|VOTERS|NODE_ID|ROLES|LOG_DIRS|HEAP/.test(name))
		.map(([name, value]) => [
			name
				.replace(/^KAFKA_/, "")
				.toLowerCase()
				.replaceAll("_", "."),
			String(value)
		])
);

describeKafka("the containers of docker-compose.yml", () => {
	let database: TestDatabase;
	let nats: NatsServer;
	let kafka: TestKafka;
	const data = temporaryFolder();
	const containers = new Map<string, ReturnType<typeof launch>>();
	const ports = new Map<string, number>();

	beforeAll(async () => {
		database = await testDatabase("template1");
		const [, password] = /:\/\/shop:(\w+)@nats:4222$/.exec(natsUrl())!;
		nats = await startNats({
			directory: temporaryFolder(),
			password: password!,
			progress: () => undefined,
			onCrash: reason => console.error(reason)
		});
		kafka = await testKafka({ settings: kafkaSettings });
	}, kafkaWithinMs);

	afterAll(async () => {
		for (const { child } of containers.values()) child.kill("SIGKILL");
		await kafka?.stop();
		await nats?.stop();
		await database?.drop();
	}, 60_000);

	const natsUrl = () => compose.services.gateway!.environment!.NATS_URL!;

	function here(value: string): string {
		return value
			.replace(/^nats:\/\/.*@nats:4222$/, nats.url)
			.replace(/^postgres:\/\/.*@postgres:5432\/shop$/, database.url)
			.replace(/^kafka:9092$/, kafka.brokers)
			.replace(/^\/data$/, data)
			.replace(/^\/app\//, `${root}/`);
	}

	async function start(name: string, { command, environment }: ComposeService): Promise<void> {
		const own = {
			PORT: await freePort(),
			HEALTH_PORT: await freePort(),
			METRICS_PORT: await freePort()
		};
		ports.set(name, own.PORT).set(`${name} health`, own.HEALTH_PORT);
		const given = { ...ofImage(), ...environment, ...own };
		const settings = Object.fromEntries(
			Object.entries(given).map(([key, value]) => [key, here(String(value))])
		);
		const [program = "cli/node.ts", ...args] = command ?? [];
		containers.set(name, launch(program.replace("cli/", ""), args, settings));
	}

	const isHealthy = (name: string) =>
		fetch(`http://127.0.0.1:${ports.get(`${name} health`)}/health/ready`).then(
			({ ok }) => ok,
			() => false
		);

	/** As `docker compose up` waits for a dependency. The servers that are not the shop's run already. */
	async function waitFor(name: string, condition: string): Promise<void> {
		const container = containers.get(name);
		if (!container) return;
		const { child, output } = container;
		if (condition === "service_healthy") await until(() => isHealthy(name), 60_000);
		else {
			if (child.exitCode === null) await once(child, "exit");
			expect([name, child.exitCode, output()]).toEqual([name, 0, output()]);
		}
	}

	it("become healthy in the order of their dependencies", async () => {
		const waiting = new Map(ofShop(compose));
		while (waiting.size > 0) {
			const isNext = ([, { depends_on = {} }]: [string, ComposeService]) =>
				Object.keys(depends_on).every(other => !waiting.has(other));
			const next = [...waiting].filter(isNext);
			for (const [name] of next) waiting.delete(name);
			await Promise.all(
				next.map(async ([name, service]) => {
					for (const [other, { condition }] of Object.entries(service.depends_on ?? {}))
						await waitFor(other, condition);
					await start(name, service);
				})
			);
		}
		for (const [name, { restart }] of ofShop(compose))
			if (restart !== "no") await until(() => isHealthy(name), 90_000);
	}, 240_000);

	it("take an order, and write the mail about it", async () => {
		const url = `http://127.0.0.1:${ports.get("gateway")}`;
		const { alice } = await signIn(url);
		const { status, body } = await alice.post(
			"/api/v1/orders",
			{
				items: [{ product_id: "prod-001", quantity: 1 }],
				shipping_address: address,
				payment_method: "pm_card_visa"
			},
			{ headers: { prefer: "wait=9" } }
		);
		expect([status, body.status]).toEqual([201, "confirmed"]);
		await until(async () => {
			const { text } = await alice.get("/api/v1/notifications");
			return text.includes(body.id as string) && text.includes('"sent"');
		}, 60_000);
	}, 90_000);

	it("end with 0", async () => {
		const nodes = [...containers].filter(([, { child }]) => child.exitCode === null);
		const codes = nodes.map(async ([name, { child }]) => {
			const ended = once(child, "exit");
			child.kill("SIGTERM");
			return [name, (await ended)[0]] as const;
		});
		const running = ofShop(compose).filter(([, { restart }]) => restart !== "no");
		expect((await Promise.all(codes)).toSorted()).toEqual(
			running.map(([name]) => [name, 0]).toSorted()
		);
	}, 60_000);
});
