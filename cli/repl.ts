import type { REPLEval, REPLServer } from "node:repl";
import type { ServiceBroker } from "moleculer";
import { type Config, serviceNames, configOfCommand, useConfig } from "../config/index.ts";
import { prepareShop, progress } from "../launch/shop/prepare-shop.ts";
import { runningShop } from "../launch/shop/running-shop.ts";
import { type Lifecycle, run } from "../launch/process/lifecycle.ts";
import { checkNats } from "../launch/servers/nats-connection.ts";
import { commandLine } from "../launch/process/command-line.ts";

const usage = `Usage: npm run repl
Opens the embedded shop with a prompt; or joins the nodes at NATS_URL, or a cluster that runs here.
Commands: help, nodes, actions, call order.list, order <id>, stock <id>, place <product> <n>, sagas, reviews, quit`;

commandLine(usage, {});

type Bus = Pick<Config, "namespace"> & { natsUrl: string };

function busToJoin({ natsUrl, namespace, dataDir }: Config): Bus | undefined {
	const here = natsUrl ? { natsUrl, namespace } : runningShop(dataDir);
	return here?.natsUrl ? { natsUrl: here.natsUrl, namespace: here.namespace } : undefined;
}

/** Node's REPL starts a line while the previous one still runs, which breaks piped commands. */
function oneAtATime(server: REPLServer, quit: () => void): () => Promise<void> {
	const evaluate = server.eval as REPLEval;
	let last = Promise.resolve();
	const queued: REPLEval = function (line, context, file, callback) {
		last = last.then(
			() =>
				new Promise(done => {
					if (/^(q|quit|exit)$/.test(line.trim())) return quit();
					evaluate.call(server, line, context, file, (error, result) => {
						callback(error, result);
						done();
					});
				})
		);
	};
	Object.assign(server, { eval: queued });
	return () => last;
}

function openPrompt(life: Lifecycle, broker: ServiceBroker): void {
	const server = broker.repl() as unknown as REPLServer;
	// A command prints its own output, so no result is printed.
	Object.assign(server, { ignoreUndefined: true });
	const end = () => void life.end(0);
	const idle = oneAtATime(server, end);
	server.removeAllListeners("exit");
	server.once("exit", () => void idle().then(end));
}

async function join(bus: Bus): Promise<Config> {
	progress("joining the nodes on the bus");
	await checkNats(bus.natsUrl);
	return { ...configOfCommand(), ...bus, services: [] };
}

run(async life => {
	const bus = busToJoin(configOfCommand());
	const config = bus ? await join(bus) : (await prepareShop(life, { command: "repl" })).config;
	useConfig(config);
	const { runBroker } = await import("../launch/shop/broker.ts");
	const { OperatorIdentity } = await import("./repl/operator-identity.ts");
	const { commands } = await import("./repl/commands.ts");
	const broker = await runBroker(life, {
		middlewares: [OperatorIdentity],
		replOptions: { delimiter: "shop $", customCommands: commands }
	});
	await broker
		.waitForServices([...serviceNames], 5000)
		.catch(() => progress("some services are not connected yet; `services` lists those that are"));
	if (!life.ending) openPrompt(life, broker);
});
