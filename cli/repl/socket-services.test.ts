import { createServer } from "node:http";
import { join } from "node:path";
import { ServiceBroker } from "moleculer";
import { serviceNames } from "../../config/index.ts";
import { temporaryFolder } from "../../tests/support/servers/temporary-folder.ts";
import { socketServices } from "./socket-services.ts";

const away = "The shop of npm run dev (pid 7) has ended.";
let path: string;
let broker: ServiceBroker;

beforeEach(async () => {
	path = join(temporaryFolder(), "x.sock");
	broker = new ServiceBroker({ logger: false, nodeID: "prompt", validator: false });
	for (const schema of socketServices(path, () => away)) broker.createService(schema);
	await broker.start();
});
afterEach(() => broker.stop());

it("are all services of the shop, for which the prompt waits", async () => {
	expect(socketServices(path, () => away).map(({ name }) => name)).toEqual([...serviceNames]);
	await broker.waitForServices([...serviceNames], 100);
});

it("say why no shop answers, without a stack", async () => {
	await expect(broker.call("webhook.list")).rejects.toMatchObject({ message: away, stack: "" });
});

it("pass the error of an action on, also one of a connection of its own", async () => {
	const error = { name: "Error", message: "connect ECONNREFUSED", code: "ECONNREFUSED" };
	const server = createServer((_, res) => res.end(JSON.stringify({ error }))).listen(path);
	await expect(broker.call("order.list")).rejects.toMatchObject({ message: error.message });
	await new Promise(resolve => server.close(resolve));
});
