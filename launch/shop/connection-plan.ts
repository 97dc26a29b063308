import type { Config, ServiceName } from "../../config/index.ts";

/** What a service opens to Postgres: pools of `DATABASE_POOL` connections, and single ones. */
interface Demand {
	/** Of its own tables and its models. */
	pools: number;
	/** Uses commits that do not wait for the disk, which have a pool of their own unless DURABILITY=strict. */
	deferred?: true;
	/** Reads or writes events: one more pool if the log is in Postgres. */
	log?: true;
	/** Publishes events: the relay's session. */
	relay?: true;
	/** Reads events: the session that listens to the log, and one for its watch and one for that of its tables. */
	consumer?: true;
}

const demands: Readonly<Record<ServiceName, Demand>> = {
	user: { pools: 1 },
	product: { pools: 2, deferred: true, log: true, relay: true },
	order: { pools: 1, deferred: true, log: true, relay: true },
	payment: { pools: 1, deferred: true },
	notification: { pools: 1, log: true, consumer: true },
	analytics: { pools: 1, deferred: true, log: true, relay: true, consumer: true },
	webhook: { pools: 1, log: true, relay: true, consumer: true }
};

/** Of commands beside a shop: migrate, verify, seed, and an operator's psql. */
export const spareConnections = 10;

type Settings = Pick<Config, "databasePool" | "durability" | "kafka">;

/** Most connections of one service of one process. */
function connectionsOfService(
	service: ServiceName,
	{ databasePool, durability, kafka }: Settings
): number {
	const { pools, deferred, log, relay, consumer } = demands[service];
	const hasLog = log && !kafka;
	const all = pools + (deferred && durability === "prefix" ? 1 : 0) + (hasLog ? 1 : 0);
	const listening = consumer ? (kafka ? 1 : 3) : 0;
	return all * databasePool + (relay ? 1 : 0) + listening;
}

/**
 * Most connections to Postgres of a shop with these services, each as often as it is run, and of the commands beside
 * it.
 */
export function connectionsOf(services: readonly string[], settings: Settings): number {
	const known = services.filter((name): name is ServiceName => name in demands);
	return known.reduce((sum, name) => sum + connectionsOfService(name, settings), spareConnections);
}
