import { rules, violations } from "./architecture.rules.ts";
import { sourceTree } from "./source-tree.ts";

const lines = (count: number) => "\tcount++;\n".repeat(count);
const handler = (count: number) =>
	`export default service(order, {\n\tactions: {\n\t\tasync place(ctx) {\n${lines(count)}\t\t}\n\t}\n});`;

/** Rule → a file that breaks it, what the violation must say, and a similar file that keeps it. */
const plants: [
	rule: string,
	broken: [path: string, source: string],
	says: string,
	right: [path: string, source: string]
][] = [
	[
		"a service knows another only by its contract",
		["services/payment/payment.machine.ts", 'import { cancel } from "../order/order.machine.ts";'],
		"→ services/order/order.machine.ts",
		["services/order/order.service.ts", 'import { cancel } from "./order.machine.ts";']
	],
	[
		"a layer knows only the layers below it",
		["mixins/outbox.mixin.ts", 'import { place } from "../services/order/order.machine.ts";'],
		"→ services/order/order.machine.ts",
		["mixins/outbox.mixin.ts", 'import { Database } from "../db/database.ts";']
	],
	[
		"a layer knows only the layers below it",
		["middlewares/audit.ts", 'const orders = await import("../services/order/order.service.ts");'],
		"→ services/order/order.service.ts",
		["middlewares/audit.ts", 'import { fail } from "../lib/errors.ts";']
	],
	[
		"a layer knows only the layers below it",
		["lib/clock.ts", 'import { config } from "../config/index.ts";'],
		"→ config/index.ts",
		["config/index.ts", 'import { T } from "../lib/schema.ts";']
	],
	[
		"a layer knows only the layers below it",
		["psp/ledger/engine.ts", 'import type { Charge } from "../../contracts/payment.ts";'],
		"→ contracts/payment.ts",
		["psp/ledger/engine.ts", 'import { format } from "../../lib/money.ts";']
	],
	[
		"only the simulator's driver knows the simulated provider",
		[
			"services/payment/charges/charges.ts",
			'import { Engine } from "../../../psp/ledger/engine.ts";'
		],
		"→ psp/ledger/engine.ts",
		[
			"services/payment/provider/simulator.ts",
			'import { Engine } from "../../../psp/ledger/engine.ts";'
		]
	],
	[
		"a contract knows lib alone",
		["contracts/order.ts", 'import { v7 } from "uuid";'],
		"→ uuid",
		["contracts/order.ts", 'import { Uuid } from "./values.ts";']
	],
	[
		"pure code imports only pure code and types",
		["services/order/placement/order.pricing.ts", 'import { readFileSync } from "node:fs";'],
		"→ fs",
		[
			"services/order/placement/order.pricing.ts",
			'import type { Order } from "../../../contracts/order.ts"; import { add } from "../../../lib/money.ts";'
		]
	],
	[
		"pure code imports only pure code and types",
		["services/order/order.machine.ts", 'import { order } from "../../contracts/order.ts";'],
		"→ contracts/order.ts",
		["services/order/order.machine.ts", 'import { fail } from "../../lib/errors.ts";']
	],
	...["const at = Date.now();", "const at = new Date();", "const luck = Math.random();"].map(
		(source): (typeof plants)[number] => [
			"pure code knows no clock, chance or process",
			["lib/money.ts", source],
			source.includes("Math") ? "uses Math.random" : "uses Date",
			["lib/money.ts", "const half = Math.floor(3 / 2); const at: { Date: string } = { Date: '' };"]
		]
	),
	[
		"pure code knows no clock, chance or process",
		["services/order/order.machine.ts", "const id = crypto.randomUUID(); const p = process.pid;"],
		"uses crypto",
		["lib/id.ts", "const id = crypto.randomUUID();"]
	],
	...[
		"const url = process.env.DATABASE_URL;",
		'const url = process["env"].DATABASE_URL;',
		"const { env } = process;"
	].map((source): (typeof plants)[number] => [
		"config/read-environment.ts alone reads the environment",
		["services/order/order.service.ts", source],
		"reads process.env",
		["config/read-environment.ts", source]
	]),
	[
		"config/read-environment.ts alone reads the environment",
		["lib/id.ts", 'import { env } from "node:process";'],
		"→ node:process",
		["lib/id.ts", "const { pid } = process;"]
	],
	[
		"the configuration is read at run time",
		["services/user/token-issuer.ts", "const { token } = config();"],
		"reads config() at import time",
		["services/user/token-issuer.ts", "function ttl() { return config().token.ttlS; }"]
	],
	[
		"Kafka is known to its stream driver and its access list alone",
		["services/analytics/analytics.service.ts", 'import { Kafka } from "kafkajs";'],
		"→ kafkajs",
		["streams/kafka/kafka.driver.ts", 'import { Kafka } from "kafkajs";']
	],
	[
		"pg is known to db and the launchers alone",
		["services/order/order.service.ts", 'import pg from "pg";'],
		"→ pg",
		["db/database.ts", 'import pg from "pg";']
	],
	[
		"only db opens connections to Postgres, with time limits, and a bench its own",
		["chaos/evidence/sampler.ts", "const client = new pg.Client(url);"],
		"makes a pg.Client",
		["chaos/evidence/sampler.ts", "const client = newClient({ connectionString: url });"]
	],
	[
		"Sequelize is known to models, repositories and their mixin alone",
		["services/user/user.service.ts", 'import { Op } from "sequelize";'],
		"→ sequelize",
		["services/user/user.model.ts", 'import { DataTypes } from "sequelize";']
	],
	[
		"moleculer-db is caged in its mixin",
		["services/user/user.service.ts", 'import DbService from "moleculer-db";'],
		"→ moleculer-db",
		["mixins/sequelize-model.mixin.ts", 'import Adapter from "moleculer-db-adapter-sequelize";']
	],
	[
		"Moleculer is known to services and the broker's parts alone",
		["lib/errors.ts", 'import { Errors } from "moleculer";'],
		"→ moleculer",
		["services/order/saga/saga.runner.ts", 'import type { ServiceBroker } from "moleculer";']
	],
	[
		"only launchers and tests know moleculer.config.ts",
		["services/gateway/gateway.service.ts", 'import options from "../../moleculer.config.ts";'],
		"→ moleculer.config.ts",
		["cli/node.ts", 'import options from "../moleculer.config.ts";']
	],
	[
		"product code does not know its tests",
		["db/seed.ts", 'import { until } from "../tests/support/until.ts";'],
		"→ tests/support/until.ts",
		["lib/batcher.test.ts", 'import { until } from "../tests/support/until.ts";']
	],
	...["ctx.emit", "this.broker.broadcast", "broker.emit"].map(
		(expression): (typeof plants)[number] => [
			"nothing that matters is told by a broker event",
			["services/order/order.service.ts", `${expression}("order.confirmed", order);`],
			`calls ${expression}`,
			["services/order/order.service.ts", 'this.broker.broadcastLocal("metrics.update", {});']
		]
	),
	[
		"a hint is a part of a contract",
		["services/payment/payment.service.ts", 'const settled = hint("payment.settled", data);'],
		"declares a hint",
		["contracts/payment.ts", 'export const settled = hint("payment.settled", data);']
	],
	[
		"services call each other by contract",
		["services/order/order.service.ts", 'await ctx.call("product.quote", {});'],
		'calls "product.quote" by text',
		["services/order/order.service.ts", "await call(ctx, product.actions.quote, {});"]
	],
	[
		"only the gateway and the order saga wait for other services",
		["services/product/product.service.ts", 'import { order } from "../../contracts/order.ts";'],
		"→ contracts/order.ts",
		[
			"services/order/saga/saga.runner.ts",
			'import { product } from "../../../contracts/product.ts";'
		]
	],
	[
		"only the gateway and the order saga wait for other services",
		[
			"services/order/saga/saga.runner.ts",
			'import { user as u } from "../../../contracts/user.ts";'
		],
		"→ contracts/user.ts",
		[
			"services/payment/payment.service.ts",
			'import type { Order } from "../../contracts/order.ts";'
		]
	],
	[
		"a file is named for what it does",
		["lib/date-utils.ts", ""],
		"vague name",
		["lib/money.ts", ""]
	],
	[
		"there are no barrels",
		["contracts/index.ts", 'export * from "./order.ts";\nexport * from "./user.ts";'],
		"only re-exports",
		["config/index.ts", "export const answer = 42;"]
	],
	[
		"a file has at most 400 lines",
		["lib/long.ts", lines(401)],
		"has 401 lines",
		["lib/long.ts", lines(400)]
	],
	[
		"a handler has at most 12 lines",
		["services/order/order.service.ts", handler(13)],
		"place has 13 lines",
		["services/order/order.service.ts", handler(12)]
	],
	...["export default 1;", "export default function place() {}", "export { a as default };"].map(
		(source): (typeof plants)[number] => [
			"only a service or a tool's file has a default export",
			["services/order/order.machine.ts", source],
			"has a default export",
			["services/order/order.service.ts", source]
		]
	)
];

describe("the architecture", () => {
	it("has no violation", () => {
		const sources = sourceTree();
		expect(Object.keys(sources)).toContain("lib/money.ts");
		expect(violations(sources)).toEqual([]);
	});

	it.each(plants)("reports a violation of: %s (case %#)", (rule, [path, source], says) => {
		expect(violations({ [path]: source })).toContain(`${path} ${says} (${rule})`);
	});

	it.each(plants)("accepts: %s (case %#)", (rule, _broken, _says, [path, source]) => {
		expect(violations({ [path]: source }).filter(text => text.endsWith(`(${rule})`))).toEqual([]);
	});

	it("tests every rule", () => {
		const proved = new Set(plants.map(([rule]) => rule));
		expect(rules.map(({ name }) => name).filter(name => !proved.has(name))).toEqual([]);
	});
});
