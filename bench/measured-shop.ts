import { join } from "node:path";
import type { ServiceBroker } from "moleculer";
import pg from "pg";
import { seedStock } from "../workload/stock.ts";
import { startBroker } from "../launch/shop/broker.ts";
import { prepareDatabase } from "../launch/shop/prepare-shop.ts";
import { startKafka } from "../launch/servers/kafka-server.ts";
import type { Lifecycle } from "../launch/process/lifecycle.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { toConfig, useConfig } from "../config/index.ts";
import type { Driver } from "../streams/driver.ts";
import { startBenchPostgres } from "./temporary-postgres.ts";
import { openLog } from "../streams/index.ts";

/** A shop in this process, with its own servers, for measurements. */
export interface BenchShop {
	broker: ServiceBroker;
	log: Driver;
	/** Ids of products with plenty of stock. */
	products: string[];
	/** Connection URL of the database's owner. */
	query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>;
}

const services = ["product", "payment", "order", "analytics"];
const units = 10_000_000;

function kafkaIn(folder: string, life: Lifecycle) {
	const onCrash = (reason: string) => void life.fail(new Error(reason));
	return startKafka({ directory: join(folder, "kafka"), progress: () => undefined, onCrash });
}

/** All of it is stopped and deleted at the end of the process. @throws LaunchError */
export async function openShop(life: Lifecycle, kind: "postgres" | "kafka"): Promise<BenchShop> {
	const { folder, postgres } = await startBenchPostgres(life);
	const kafka = kind === "kafka" ? await kafkaIn(folder, life) : undefined;
	if (kafka) life.atEnd(() => kafka.stop());
	const environment = {
		DATABASE_URL: postgres.url,
		DATA_DIR: folder,
		ORDER_MAX_OPEN: "0",
		LOG_LEVEL: "error",
		...(kafka && { KAFKA_BROKERS: kafka.brokers })
	};
	const config = toConfig(readEnvironment(environment));
	await prepareDatabase(postgres.url, config);
	useConfig(config);
	const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
	pool.on("error", error => void life.fail(error));
	life.atEnd(() => pool.end());
	const products = await seedStock(postgres.url, "bench", units);
	const broker = await startBroker({ services });
	life.atEnd(() => broker.stop());
	const log = await openLog({ onError: () => undefined });
	life.atEnd(() => log.close());
	const query: BenchShop["query"] = async <R extends pg.QueryResultRow>(
		sql: string,
		values: unknown[] = []
	) => (await pool.query<R>(sql, values)).rows;
	return { broker, log, products, query };
}
