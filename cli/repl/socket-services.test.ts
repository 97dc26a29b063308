import { join } from "node:path";
import { ServiceBroker } from "moleculer";
import { serviceNames } from "../../config/index.ts";
import { temporaryFolder } from "../../tests/support/servers/temporary-folder.ts";
import { socketServices } from "./socket-services.ts";

let path: string;
let broker: ServiceBroker;

beforeEach(async () => {
	path = join(temporaryFolder(), "x.sock");
	broker = new ServiceBroker({ logger: false, nodeID: "prompt", validator: false });
	for (const schema of socketServices(path)) broker.createService(schema);
	await broker.start();
});
afterEach(() => broker.stop());

it("are all services of the shop, for which the prompt waits", async () => {
	expect(socketServices(path).map(({ name }) => name)).toEqual([...serviceNames]);
	await broker.waitForServices([...serviceNames], 100);
});
