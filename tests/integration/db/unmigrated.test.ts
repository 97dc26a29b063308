import type { ServiceBroker, ServiceSchema } from "moleculer";
import { migrate, migrations } from "../../../db/migrate.ts";
import userService from "../../../services/user/user.service.ts";
import { NodeChecks } from "../../../services/health/node-checks.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { orderServices } from "../../support/shop/services.ts";

/** A node must not be ready before its database has what its code was written for. */

let database: TestDatabase;
const nodes: ServiceBroker[] = [];
beforeEach(async () => (database = await testDatabase("template1")));
afterEach(async () => {
	await Promise.all(nodes.splice(0).map(node => node.stop()));
	await database.drop();
});

async function start(services: ServiceSchema[]): Promise<() => Promise<object>> {
	const node = await startNode(services, {
		DATABASE_URL: database.url,
		LOG_LEVEL: "fatal",
		...newTokenKey()
	});
	nodes.push(node);
	const names = services.map(({ name }) => name);
	// Each new one asks at once.
	return async () => (await new NodeChecks(node, names).read()).checks;
}

const states = (order: string, others = order) => ({ product: others, payment: others, order });

it("is not ready on an empty database, nor on an older one, and then it is", async () => {
	const all = await migrations();
	const last = all.findLast(({ service }) => service === "order")!;
	// The roles are there already, so that a node can connect.
	const checks = await start(orderServices);
	expect(await checks()).toEqual(states("down"));
	await migrate(
		database.url,
		all.filter(one => one !== last)
	);
	expect(await checks()).toEqual(states("down", "up"));
	await migrate(database.url);
	expect(await checks()).toEqual(states("up"));
});

it("is ready on a newer one, and asks no more once it is", async () => {
	await migrate(database.url);
	await database.rows("insert into public.migration values ('order', '9999_later.sql')");
	const checks = await start(orderServices);
	expect(await checks()).toEqual(states("up"));
	await database.rows("delete from public.migration");
	expect(await checks()).toEqual(states("up"));
	expect(await (await start(orderServices))()).toEqual(states("down"));
});

it("holds for a service that has models only, and for the event log and the keys that services share", async () => {
	await migrate(database.url);
	for (const [service, expected] of [
		["user", "down"],
		["stream", "down"],
		["idempotency", "down"],
		["order", "up"]
	] as const) {
		const kept = await database.rows<{ service: string; file: string }>(
			"delete from public.migration where service = $1 returning service, file",
			[service]
		);
		expect([service, await (await start([userService]))()]).toEqual([service, { user: expected }]);
		for (const one of kept)
			await database.rows("insert into public.migration values ($1, $2)", [one.service, one.file]);
	}
});
