import type { REPLEval, REPLServer } from "node:repl";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import { type Config, serviceNames, configOfCommand, useConfig } from "../config/index.ts";
import { shownPath } from "../launch/shop/banner.ts";
import { prepareShop, progress } from "../launch/shop/prepare-shop.ts";
import { runningShop, type RunningShop, whyAway } from "../launch/shop/running-shop.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { type Lifecycle, run } from "../launch/process/lifecycle.ts";
import { checkNats } from "../launch/servers/nats-connection.ts";
import { poll } from "../lib/retry.ts";
import { commandLine } from "../launch/process/command-line.ts";

const usage = `Usage: npm run repl
Opens a prompt in the shop that runs on DATA_DIR, in the nodes at NATS_URL, or else in a shop of its own.
Commands: help, nodes, actions, call order.list, order <id>, stock <id>, place <product> <n>, sagas, reviews, quit`;

commandLine(usage, {});

const joinWithinMs = 30_000;

/** What the prompt is of. */
interface Target {
	config: Config;
	schemas?: ServiceSchema[];
}

/** The shop that runs here, once its launcher has said how to join it. */
async function shopHere(dataDir: string): Promise<RunningShop | undefined> {
	const isJoinable = (shop: RunningShop | undefined) =>
		!shop || shop.ready || shop.ended || shop.natsUrl !== undefined;
	const first = runningShop(dataDir);
	if (isJoinable(first)) return first;
	progress("waiting for the shop that starts here");
	return poll(() => runningShop(dataDir), {
		everyMs: 200,
		withinMs: joinWithinMs,
		isDone: shop => Boolean(isJoinable(shop))
	});
}

/** A guest runs no service and listens on nothing: what the settings say of that is for the shop. */
const asGuest = (config: Config): Config => ({
	...config,
	services: [],
	metricsPort: undefined,
	operatorSocket: undefined
});

async function joinBus(config: Config, natsUrl: string, namespace: string): Promise<Target> {
	progress("joining the nodes on the bus");
	await checkNats(natsUrl);
	return { config: { ...asGuest(config), natsUrl, namespace } };
}

/** Why a shop that was joined does not take a call. */
function noAnswer(dataDir: string): string {
	const here = runningShop(dataDir);
	if (!here) return `No shop runs on ${shownPath(dataDir)} any more: npm start opens it.`;
	return whyAway(here) ?? `The shop of pid ${here.pid} does not answer.`;
}

/** @throws LaunchError when a shop runs here that cannot be joined */
async function target(life: Lifecycle): Promise<Target> {
	const config = configOfCommand({ runsServices: false });
	const { natsUrl, namespace, dataDir } = config;
	if (natsUrl) return joinBus(config, natsUrl, namespace);
	const here = await shopHere(dataDir);
	if (here?.natsUrl) return joinBus(config, here.natsUrl, here.namespace);
	if (!here) {
		const { config: own, announce } = await prepareShop(life, { command: "repl" });
		announce({ ready: true });
		return { config: own };
	}
	if (!here.socket)
		throw new LaunchError(
			here.command === "repl"
				? `A prompt with a shop of its own is open on ${dataDir} (pid ${here.pid}): quit it first.`
				: `A shop runs on ${dataDir} (pid ${here.pid}), whose path is too long for a socket: stop it first, or set DATA_DIR to a shorter path for both.`
		);
	const why = whyAway(here);
	if (why) throw new LaunchError(why);
	progress(`joining the shop of pid ${here.pid}`);
	const { socketServices } = await import("./repl/socket-services.ts");
	return { config: asGuest(config), schemas: socketServices(here.socket, () => noAnswer(dataDir)) };
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

run(async life => {
	const { config, schemas = [] } = await target(life);
	useConfig(config);
	const { runBroker } = await import("../launch/shop/broker.ts");
	const { OperatorIdentity } = await import("./repl/operator-identity.ts");
	const { commands } = await import("./repl/commands.ts");
	const { listParamNames } = await import("./repl/action-params.ts");
	const broker = await runBroker(life, {
		schemas,
		middlewares: [OperatorIdentity],
		replOptions: { delimiter: "shop $", customCommands: commands }
	});
	listParamNames(broker);
	await broker
		.waitForServices([...serviceNames], 5000)
		.catch(() => progress("some services are not connected yet; `services` lists those that are"));
	if (!life.ending) openPrompt(life, broker);
});
