import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { nodeEnvironment, planNodes, type NodePlan } from "../../launch/shop/cluster-plan.ts";
import { DataFolder } from "../../launch/shop/data-folder.ts";
import { freePort } from "../../launch/process/free-port.ts";
import { tokenKeys, type TokenKeys } from "../../launch/shop/token-keys.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import type { Hit } from "../../lib/failpoint.ts";
import { clockEnvironment } from "./clocks.ts";
import { ChaosNode, type Wires } from "./node.ts";
import { Provider } from "./provider-process.ts";
import { Proxy } from "./proxy.ts";
import { startServers, type ServerOptions, type Servers } from "./servers.ts";

export interface ClusterOptions extends ServerOptions {
	/** Empty, absolute; holds the database, the ledger, the keys and the nodes' output. */
	folder: string;
	/** As for `npm run cluster`: `order=2`. */
	nodes?: readonly string[];
	/** Overrides the settings below. */
	environment?: Record<string, string>;
	/** Called when a node that crashed is ready again. */
	onReady?(node: ChaosNode): void;
	/** Called for each failpoint that is hit, before it acts. */
	onHit?(node: ChaosNode, hit: Hit): void;
}

/** Of a product's units on hand, the percentage that one customer may have in unpaid orders. */
export const unpaidPercent = 50;

/** Short times, so that recovery is fast; a lease below the call's limit makes stale nodes common. */
const settings = {
	SAGA_LEASE_MS: "2000",
	SAGA_POLL_MS: "100",
	ORDER_MAX_OPEN: "0",
	ORDER_MAX_STOCK_PERCENT: String(unpaidPercent),
	CALL_TIMEOUT_MS: "3000",
	/** In these runs 3-D Secure is never completed, and the order waits only so long. */
	PAYMENT_CHALLENGE_MS: "2000",
	/** The receiver of the run fails often. */
	WEBHOOK_RETRY_DELAYS_S: "1,1,1,2,2,2,4,4,4,4,4,4,4,4,4,4,4,4,4,4",
	WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1",
	LOG_LEVEL: "warn"
};

const defaultNodes = ["gateway=2", "product=2", "order=2", "payment=2"];

/** A shop of real processes on real servers; each connection goes through a proxy that can cut it. */
export class Cluster {
	readonly folder: string;
	readonly servers: Servers;
	readonly provider: Provider;
	readonly keys: TokenKeys;
	readonly nodes: ChaosNode[] = [];
	readonly #options: ClusterOptions;
	#nextGateway = 0;
	#stopped: Promise<void> | undefined;

	private constructor(
		options: ClusterOptions,
		servers: Servers,
		provider: Provider,
		keys: TokenKeys
	) {
		this.#options = options;
		this.folder = options.folder;
		this.servers = servers;
		this.provider = provider;
		this.keys = keys;
	}

	/** Resolves when every node is ready; if one fails to start, the others are stopped. @throws LaunchError */
	static async start(options: ClusterOptions): Promise<Cluster> {
		const { folder, root } = options;
		mkdirSync(join(folder, "log"), { recursive: true });
		const data = new DataFolder(folder);
		const ungeneratedKeys = { privateKey: undefined, publicKey: undefined, ttlS: 0 };
		const keys = tokenKeys({ production: false, token: ungeneratedKeys }, () => data.tokenKey);
		const servers = await startServers(data, options);
		const cluster = new Cluster(options, servers, await Provider.open(root, folder), keys);
		try {
			await migrate(root, servers.postgres.url);
			await cluster.#startNodes(planNodes(options.nodes ?? defaultNodes));
			return cluster;
		} catch (error) {
			await cluster.stop();
			throw error;
		}
	}

	/** Where clients find the shop: its gateways in turn, each behind a proxy too. */
	get url(): string {
		const gateways = this.nodes.flatMap(({ wires }) => wires.clients ?? []);
		return gateways[this.#nextGateway++ % gateways.length]!.url;
	}

	get ready(): boolean {
		return this.provider.ready && this.nodes.every(node => node.ready);
	}

	node(name: string): ChaosNode {
		const found = this.nodes.find(node => node.name === name);
		if (!found) throw new Error(`there is no node ${name}`);
		return found;
	}

	/** Ends every lasting fault. */
	async heal(): Promise<void> {
		await Promise.all([this.servers.postgres.settled(), this.servers.nats.settled()]);
		for (const node of this.nodes) node.heal();
		// If it is down, it comes back with its faults off.
		await this.provider.setFaults(0).catch(() => undefined);
	}

	/** Ends every process it has started, even if ending another fails. Once. */
	stop(): Promise<void> {
		return (this.#stopped ??= this.#stop());
	}

	async #stop(): Promise<void> {
		await this.heal().catch(() => undefined);
		const ends: PromiseSettledResult<void>[] = [];
		const end = async (steps: Promise<void>[]) => ends.push(...(await Promise.allSettled(steps)));
		await end(this.nodes.map(node => node.stop()));
		await end([this.provider.stop()]);
		const { nats, postgres, kafka } = this.servers;
		await end([nats.stop(), postgres.stop(), ...(kafka ? [kafka.stop()] : [])]);
		const failed = ends.find(({ status }) => status === "rejected");
		if (failed) throw (failed as PromiseRejectedResult).reason;
	}

	async #startNodes(plans: NodePlan[]): Promise<void> {
		for (const nodePlan of plans) this.nodes.push(await this.#node(nodePlan));
		await Promise.all([this.provider.start(this.url), ...this.nodes.map(node => node.start())]);
	}

	async #node(nodePlan: NodePlan): Promise<ChaosNode> {
		const { root, folder, environment, onReady, onHit } = this.#options;
		const { postgres, nats, kafka } = this.servers;
		const { service, name } = nodePlan;
		const wires: Wires = { nats: await nats.wire() };
		if (service !== "gateway") wires.postgres = await postgres.wire();
		if (service === "payment") wires.provider = await this.provider.wire();
		const port = await freePort();
		if (service === "gateway") wires.clients = await Proxy.open(`http://127.0.0.1:${port}`);
		const secrets = {
			dataDir: folder,
			databaseUrl: wires.postgres?.url ?? postgres.url,
			serviceDatabaseUrls: {
				user: undefined,
				product: undefined,
				order: undefined,
				payment: undefined,
				notification: undefined,
				webhook: undefined,
				analytics: undefined
			},
			token: { ...this.keys, ttlS: 0 },
			port: port - nodePlan.index,
			publicUrl: `http://127.0.0.1:${port}`
		};
		const { PATH = "", HOME = "" } = process.env;
		const node = new ChaosNode({
			plan: nodePlan,
			root,
			environment: {
				PATH,
				HOME,
				...settings,
				...clockEnvironment(name),
				NATS_URL: wires.nats!.url,
				...nodeEnvironment(nodePlan, secrets, {}),
				...(kafka && { KAFKA_BROKERS: kafka.brokers }),
				...(wires.provider && this.provider.environment(wires.provider)),
				...environment
			},
			wires,
			log: join(folder, "log", `${name}.log`),
			onReady: () => onReady?.(node),
			onHit: hit => onHit?.(node, hit)
		});
		return node;
	}
}

/** By the tree's own command, because a tree with a planted bug may have other migrations. */
async function migrate(root: string, url: string): Promise<void> {
	const { PATH = "", HOME = "" } = process.env;
	const env = { PATH, HOME, DATABASE_URL: url };
	const child = spawn(process.execPath, [join(root, "cli/migrate.ts")], { cwd: root, env });
	let words = "";
	for (const stream of [child.stdout, child.stderr]) stream.on("data", text => (words += text));
	const [code] = await once(child, "close");
	if (code !== 0) throw new LaunchError(`The database could not be prepared:\n${words}`);
}
