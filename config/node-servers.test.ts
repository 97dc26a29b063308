import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serviceNames, toConfig } from "./index.ts";
import { assertNodeServers, missingDatabases, usersOfLog } from "./node-servers.ts";
import { readEnvironment } from "./read-environment.ts";

const configOf = (source: Record<string, string>) => toConfig(readEnvironment(source));
const url = "postgres://shop:x@db.example/shop";
const log = "EVENT_LOG_DATABASE_URL (or KAFKA_BROKERS)";
const all = serviceNames.map(name => `${name.toUpperCase()}_DATABASE_URL`);

it.each<[Record<string, string>, string[]]>([
	[{}, [...all, log]],
	[{ DATABASE_URL: url }, []],
	[{ SERVICES: "gateway" }, []],
	[{ SERVICES: "user" }, ["USER_DATABASE_URL"]],
	[{ SERVICES: "payment,gateway", PAYMENT_DATABASE_URL: url }, []],
	[{ SERVICES: "order" }, ["ORDER_DATABASE_URL", log]],
	[{ SERVICES: "order", ORDER_DATABASE_URL: url }, [log]],
	[{ SERVICES: "order", ORDER_DATABASE_URL: url, EVENT_LOG_DATABASE_URL: url }, []],
	[{ SERVICES: "order,product", KAFKA_BROKERS: "k:9092", ORDER_DATABASE_URL: url }, [all[1]!]]
])("a node with %j misses %j", (source, missing) => {
	expect(missingDatabases(configOf(source))).toEqual(missing);
});

it("names all of them in one line", () => {
	const node = () => assertNodeServers(configOf({ SERVICES: "order,payment" }));
	expect(node).toThrow(
		`DATABASE_URL: is needed by order, payment, or instead of it ORDER_DATABASE_URL, PAYMENT_DATABASE_URL, ${log}`
	);
});

it.each([
	[{ SERVICES: "gateway" }, serviceNames.join(", ")],
	[
		{ SERVICES: "order,payment", DATABASE_URL: url },
		"user, product, notification, analytics, webhook"
	]
])("a node with %j that runs a part of the shop needs a bus", (source, others) => {
	expect(() => assertNodeServers(configOf(source))).toThrow(
		`NATS_URL: is needed to reach ${others}`
	);
	assertNodeServers(configOf({ ...source, NATS_URL: "nats://127.0.0.1:4222" }));
});

it("a node that runs all services needs none", () => {
	assertNodeServers(configOf({ DATABASE_URL: url }));
	assertNodeServers(configOf({ DATABASE_URL: url, SERVICES: serviceNames.join() }));
});

it("knows which services have the event log", () => {
	const users = serviceNames.filter(name =>
		/\bStream\(\)/.test(
			readFileSync(join(import.meta.dirname, `../services/${name}/${name}.service.ts`), "utf8")
		)
	);
	expect(users).toEqual([...usersOfLog]);
});
