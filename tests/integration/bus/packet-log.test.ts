import { stripVTControlCharacters } from "node:util";
import { ServiceBroker, type ServiceSchema } from "moleculer";
import { connect, type NatsConnection } from "nats";
import { toConfig, useConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { type NatsServer, startNats } from "../../../launch/servers/nats-server.ts";
import brokerOptions from "../../../moleculer.config.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

/** What a node logs of packets that it cannot handle, at every level. */

let nats: NatsServer;
let bus: NatsConnection;
let broker: ServiceBroker;

beforeAll(async () => {
	nats = await startNats({
		directory: temporaryFolder(),
		progress: () => undefined,
		onCrash: reason => console.error(reason)
	});
	const { host, username, password } = new URL(nats.url);
	bus = await connect({ servers: host, user: username, pass: decodeURIComponent(password) });
}, 60_000);

afterEach(async () => {
	await broker.stop();
	jest.restoreAllMocks();
});

afterAll(async () => {
	await bus?.close();
	await nats?.stop();
}, 30_000);

const users = {
	name: "user",
	actions: { login: { access: "anyone", handler: () => "signed in" } }
} as unknown as ServiceSchema;

/** The lines of all ways to print, as they are added. */
function printedLines(): string[] {
	const lines: string[] = [];
	for (const way of ["log", "info", "warn", "error", "debug"] as const)
		jest.spyOn(console, way).mockImplementation((...args: unknown[]) => {
			lines.push(stripVTControlCharacters(args.map(String).join(" ")));
		});
	return lines;
}

async function start(LOG_FORMAT: string): Promise<string[]> {
	const settings = {
		LOG_LEVEL: "debug",
		LOG_FORMAT,
		SHOP_NAMESPACE: "packets",
		NATS_URL: nats.url
	};
	useConfig(toConfig(readEnvironment({ NODE_ENV: "test", ...settings })));
	const lines = printedLines();
	broker = new ServiceBroker({ ...brokerOptions(), tracking: { enabled: false } });
	broker.createService(users);
	await broker.start();
	return lines;
}

const personal = { email: "alice@mail.example", password: "hunter2", street: "Elm Street 1" };
const sender = "gateway.host-1-abc";
const request = { ver: "5", sender, id: "r1", action: "user.login", params: personal, meta: {} };
const event = { ver: "5", sender, id: "e1", event: "user.changed", data: personal, groups: "user" };
const half = JSON.stringify(request).slice(0, -20);

const cases = [
	["of another version of the protocol", "REQ", JSON.stringify({ ...request, ver: "4" }), "login"],
	["whose groups are no list", "EVENT", JSON.stringify(event), "user.changed"],
	["that is cut off", "REQ", half, "not JSON"],
	["that is a text", "REQ", `password=${personal.password} ${personal.street}`, "not JSON"],
	["that is JSON without an object", "REQ", "null", "of no known form"],
	["of another version of the protocol", "RES", JSON.stringify({ ...event, ver: "4" }), "e1"]
] as const;

describe.each(["text", "json"])("the log as %s", format => {
	it.each(cases)("has nothing that a packet carries %s (%s)", async (_, kind, packet, stated) => {
		const lines = await start(format);
		const from = lines.length;
		bus.publish(`MOL-packets.${kind}.${broker.nodeID}`, Buffer.from(packet));
		await until(() => lines.slice(from).some(line => line.includes(stated)));
		expect(lines.slice(from).join("\n")).not.toMatch(/hunter2|Elm Street|alice/);
	});
});
