import { statusLines, type StatusFacts } from "./in-words.ts";

const now = new Date("2026-03-01T12:00:00Z");
const databaseUrl = "postgres://shop:secret-password@127.0.0.1:24046/postgres";
const idle: StatusFacts = {
	running: undefined,
	dataDir: ".shop",
	hasData: false,
	health: undefined,
	database: undefined,
	databaseUrl: undefined,
	brokers: undefined,
	consumers: undefined,
	logs: [],
	now
};
const running: StatusFacts = {
	...idle,
	hasData: true,
	running: {
		command: "cluster",
		pid: 77,
		startedAt: "2026-03-01T11:50:00Z",
		databaseUrl,
		embedded: true,
		namespace: "shop",
		ready: true,
		url: "http://127.0.0.1:9000",
		health: "http://127.0.0.1:9002/health",
		metrics: "http://127.0.0.1:9001/metrics",
		nodes: [{ name: "gateway-1" }, { name: "order-1" }]
	},
	health: { status: "degraded", checks: { order: "up", payment: "down" } },
	databaseUrl,
	database: {
		version: "18.4",
		bytes: 12_000_001,
		migrationsRun: 80,
		pending: [],
		unknown: [],
		contents: {
			in_progress: 1,
			unpublished: 1200,
			undelivered: 2,
			disabled_webhooks: 1,
			admins: 0
		}
	},
	brokers: ["127.0.0.1:9092"],
	consumers: [{ group: "analytics", waiting: 3, deadLetters: 1 }],
	logs: [{ of: "Postgres", path: ".shop/postgres.log" }]
};
const textOf = (facts: StatusFacts) => statusLines(facts).join("\n");

describe("the status of a shop", () => {
	it("says everything of one that runs, and no password", () => {
		expect(textOf(running)).toMatchInlineSnapshot(`
		"A shop runs on .shop by npm run cluster, for 10 min, pid 77.

		  API         http://127.0.0.1:9000/api/v1   (degraded: payment down)
		              http://127.0.0.1:9000/docs
		  health      http://127.0.0.1:9002/health
		  metrics     http://127.0.0.1:9001/metrics
		  nodes       gateway-1, order-1
		  log         the terminal of npm run cluster
		  log files   Postgres: .shop/postgres.log
		  database    embedded Postgres 18.4 at 127.0.0.1:24046/postgres, 13 MB
		              PGPASSWORD=$(cat '.shop/postgres.password') psql -h 127.0.0.1 -p 24046 -U shop postgres
		  migrations  80 have run
		  backlog     1 order in progress, 1,200 events unpublished
		              analytics: 3 messages waiting, 1 dead letter
		              webhooks: 2 requests to be made or repeated
		              1 webhook disabled: see GET /webhooks
		  admins      none: npm run admin -- create you@example.com
		  event log   Kafka at 127.0.0.1:9092"
	`);
		expect(textOf(running)).not.toContain("secret-password");
	});

	it.each<[what: string, facts: StatusFacts, text: string]>([
		["nothing", idle, "No shop runs on .shop: npm start makes one there."],
		[
			"data",
			{ ...idle, hasData: true },
			"No shop runs on .shop, which has the data of one: npm start opens it."
		],
		[
			"a database",
			{ ...idle, databaseUrl },
			"No shop runs on .shop; DATABASE_URL names a database.\n  database    Postgres at 127.0.0.1:24046/postgres\n              It did not answer in time.\n  event log   in Postgres"
		],
		[
			"a start",
			{
				...running,
				running: { ...running.running!, url: undefined, ready: false },
				database: undefined
			},
			"A shop starts on .shop by npm run cluster, for 10 min, pid 77."
		],
		[
			"an end by a fault in its source",
			{
				...running,
				running: { ...running.running!, command: "dev", ready: false, ended: true }
			},
			"The shop of npm run dev (pid 77) has ended because of a fault in its source: see its terminal.\n"
		],
		["no answer", { ...running, health: undefined }, "(does not answer)"],
		[
			"pending",
			{
				...running,
				database: {
					version: "18.4",
					bytes: 1,
					migrationsRun: 79,
					pending: ["order/0030_x.sql"],
					unknown: ["order/0099_y.sql"]
				}
			},
			"79 have run; 1 have not run: order/0030_x.sql; 1 are of a newer version: order/0099_y.sql"
		],
		[
			"another database",
			{ ...running, running: { ...running.running!, embedded: false } },
			"psql with the URL of DATABASE_URL"
		]
	])("says what there is: %s", (_, facts, text) => expect(textOf(facts)).toContain(text));
});
