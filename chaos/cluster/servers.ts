import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type pg from "pg";
import type { DataFolder } from "../../launch/shop/data-folder.ts";
import type { PackagedPostgres } from "../../launch/servers/packaged-postgres.ts";
import { startPostgres, type PostgresServer } from "../../launch/servers/embedded-postgres.ts";
import { startNats, type NatsServer } from "../../launch/servers/nats-server.ts";
import { rows, withClient } from "../../db/client.ts";
import type { migrate as Migrate } from "../../db/migrate.ts";
import { ChaosKafka } from "./kafka-broker.ts";
import { Proxy } from "./proxy.ts";

const progress = () => undefined;
/** A server that crashes is noticed by its clients. */
const onCrash = () => undefined;

/** A server that may be restarted while clients use it: their proxies follow it to its new port. */
abstract class Restartable<
	S extends { url: string; stop(): Promise<void>; crash(): Promise<void> }
> {
	protected server: S;
	readonly #wires: Proxy[] = [];
	readonly #start: () => Promise<S>;
	#restarting: Promise<void> | undefined;

	constructor(server: S, start: () => Promise<S>) {
		this.server = server;
		this.#start = start;
	}

	/** The server itself, without a proxy. */
	get url(): string {
		return this.server.url;
	}

	async wire(): Promise<Proxy> {
		const proxy = await Proxy.open(this.url);
		this.#wires.push(proxy);
		return proxy;
	}

	/** Kills it and starts it again after so many ms; one restart at a time. */
	restart(downMs: number): Promise<void> {
		return (this.#restarting ??= this.#restart(downMs).finally(
			() => (this.#restarting = undefined)
		));
	}

	async settled(): Promise<void> {
		await this.#restarting;
	}

	async stop(): Promise<void> {
		await this.settled();
		await this.server.stop();
	}

	async #restart(downMs: number): Promise<void> {
		await this.server.crash();
		await sleep(downMs);
		this.server = await this.#start();
		for (const wire of this.#wires) wire.target = new URL(this.url);
	}
}

class ChaosPostgres extends Restartable<PostgresServer> {
	/** `pg_terminate_backend` for about this share of the services' connections. Returns how many. */
	async terminate(share: number): Promise<number> {
		const terminated = await rows(
			this.url,
			`select pg_terminate_backend(pid) from pg_stat_activity
			where usename like 'shop\\_%' and random() < $1`,
			[share]
		);
		return terminated.length;
	}

	readonly #root: string;

	/** @param root the source tree whose migrations it runs */
	constructor(server: PostgresServer, start: () => Promise<PostgresServer>, root: string) {
		super(server, start);
		this.#root = root;
	}

	/** Runs a migration that locks all of a table of the order service while a session keeps that table for so many ms. */
	async blockMigration(ms: number, table = "orders"): Promise<void> {
		const file = `chaos_${randomBytes(4).toString("hex")}.sql`;
		const { href } = pathToFileURL(join(this.#root, "db/migrate.ts"));
		const { migrate } = (await import(href)) as { migrate: typeof Migrate };
		const read = async (client: pg.Client) => {
			await client.query(`begin; select 1 from orders.${table} limit 1`);
			const sql = `lock table ${table}`;
			const migration = migrate(this.url, [{ service: "order", file, sql }]);
			// When the cluster is stopped before, there is nothing left to wait for.
			await Promise.race([migration, sleep(ms, undefined, { ref: false })]);
			await client.query("commit");
			await migration;
		};
		await withClient(this.url, read, { application_name: "chaos reader" });
	}
}

class ChaosNats extends Restartable<NatsServer> {
	/** SIGSTOP for so many ms. */
	async stall(ms: number): Promise<void> {
		const { server } = this;
		server.pause();
		await sleep(ms);
		server.resume();
	}
}

export interface ServerOptions {
	/** The source tree whose shop is run; its node_modules must be installed. */
	root: string;
	/** Uses a Kafka broker instead of the log in Postgres. */
	kafka?: boolean;
	/** Uses this Postgres as it is installed instead of the embedded one. */
	packaged?: PackagedPostgres | undefined;
}

export interface Servers {
	postgres: ChaosPostgres;
	nats: ChaosNats;
	/** Undefined when the log is in Postgres. */
	kafka: ChaosKafka | undefined;
}

/**
 * A Postgres (with fsync unless turned off), a nats-server, and optionally a Kafka broker.
 * @throws LaunchError; servers that were started by then are stopped
 */
export async function startServers(
	data: DataFolder,
	{ root, kafka: withKafka = false, packaged }: ServerOptions
): Promise<Servers> {
	const directory = data.postgres;
	const openPostgres = () =>
		startPostgres({ directory, connections: 150, packaged, progress, onCrash });
	const password = randomBytes(18).toString("base64url");
	const openNats = () => startNats({ directory: data.path, password, progress, onCrash });
	const started: { stop(): Promise<void> }[] = [];
	const keep = <S extends { stop(): Promise<void> }>(server: S) => {
		started.push(server);
		return server;
	};
	try {
		const postgres = keep(new ChaosPostgres(await openPostgres(), openPostgres, root));
		const nats = keep(new ChaosNats(await openNats(), openNats));
		return { postgres, nats, kafka: withKafka ? await ChaosKafka.start(data.path) : undefined };
	} catch (error) {
		await Promise.allSettled(started.map(server => server.stop()));
		throw error;
	}
}
