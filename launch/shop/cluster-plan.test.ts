import { T } from "../../lib/schema.ts";
import { nodeEnvironment, planNodes, sharedEnvironment } from "./cluster-plan.ts";

const names = (words: string[]) => planNodes(words).map(({ name }) => name);

const secrets = {
	dataDir: "/data",
	port: 8080,
	publicUrl: "https://shop.example",
	databaseUrl: "postgres://shop:owner-secret@127.0.0.1:5432/postgres",
	serviceDatabaseUrls: {
		user: undefined,
		product: undefined,
		order: undefined,
		payment: "postgres://pay:x@elsewhere/pay",
		notification: undefined,
		webhook: undefined,
		analytics: undefined
	},
	token: { privateKey: "private", publicKey: "public", ttlS: 600 },
	payment: { secretKey: "sk_test_x", webhookSecret: "whsec_x" },
	mail: { smtpUrl: "smtp://u:smtp-secret@mail" }
};

describe("plan", () => {
	it("runs one node of each service", () => {
		expect(names([])).toEqual([
			"gateway-1",
			"user-1",
			"product-1",
			"order-1",
			"payment-1",
			"notification-1",
			"analytics-1",
			"webhook-1"
		]);
	});

	it("runs as many as are asked for", () => {
		expect(names(["order=3", "payment=2"])).toEqual([
			"gateway-1",
			"user-1",
			"product-1",
			"order-1",
			"order-2",
			"order-3",
			"payment-1",
			"payment-2",
			"notification-1",
			"analytics-1",
			"webhook-1"
		]);
	});

	it.each([
		["orders=2", "the services are gateway, user, "],
		["toString=2", "write order=3"],
		["order=0", "write order=3"],
		["order=17", "a number from 1 to 16"],
		["order", "write order=3"],
		["order=x", "write order=3"],
		["=2", "write order=3"]
	])("refuses %s", (word, remedy) => {
		expect(() => planNodes([word])).toThrow(
			expect.objectContaining({
				message: expect.stringMatching(`^${word} is not understood: .*${remedy}`) as string
			})
		);
	});
});

describe("the environment of a node", () => {
	const source = { AWS_SECRET_ACCESS_KEY: "aws-secret", AWS_PROFILE: "shop", OTHER: "other" };
	const environments = planNodes(["gateway=2"]).map(node => nodeEnvironment(node, secrets, source));
	const of = (service: string) => environments.find(({ SERVICES }) => SERVICES === service)!;

	it("gives Stripe's keys to the payment service alone", () => {
		for (const key of ["sk_test_x", "whsec_x"]) {
			const holders = environments.filter(env => Object.values(env).includes(key));
			expect(holders.map(({ SERVICES }) => SERVICES)).toEqual(["payment"]);
		}
	});

	it("gives credentials of the mail server and AWS to the notification service alone", () => {
		for (const secret of ["smtp://u:smtp-secret@mail", "aws-secret", "shop"]) {
			const holders = environments.filter(env => Object.values(env).includes(secret));
			expect(holders.map(({ SERVICES }) => SERVICES)).toEqual(["notification"]);
		}
		expect(JSON.stringify(environments)).not.toContain("other");
	});

	it("gives the signing key to the user service alone", () => {
		const holders = environments.filter(env => Object.values(env).includes("private"));
		expect(holders.map(({ SERVICES }) => SERVICES)).toEqual(["user"]);
		expect(of("gateway").TOKEN_PUBLIC_KEY).toBe("public");
	});

	it("gives no node the owner's password", () => {
		expect(JSON.stringify(environments)).not.toContain("owner-secret");
	});

	it("gives each service its own role, or the URL configured for it", () => {
		expect(of("order").ORDER_DATABASE_URL).toMatch(/^postgres:\/\/shop_orders:/);
		expect(of("payment").PAYMENT_DATABASE_URL).toBe("postgres://pay:x@elsewhere/pay");
		const urls = (service: string) =>
			Object.keys(of(service)).filter(name => name.endsWith("DATABASE_URL"));
		expect(urls("payment")).toEqual(["PAYMENT_DATABASE_URL"]);
		expect(urls("order")).toEqual(["ORDER_DATABASE_URL", "EVENT_LOG_DATABASE_URL"]);
		expect(of("order").EVENT_LOG_DATABASE_URL).toMatch(/^postgres:\/\/shop_streams:/);
	});

	it.each([
		[
			{ port: 8080 },
			["8080", "8081"],
			[undefined, undefined, "0"],
			[undefined, undefined, undefined]
		],
		[{ port: 0, metricsPort: 0, healthPort: 0 }, ["0", "0"], ["0", "0", "0"], ["0", "0", "0"]],
		[
			{ port: 8080, metricsPort: 9100, healthPort: 9000 },
			["8080", "8081"],
			["9100", "9101", "9102"],
			["9000", "9001", "9002"]
		]
	])("gives each node ports of its own, from %j on", (given, ports, metrics, health) => {
		const plan = planNodes(["gateway=2"]);
		const own = plan.map(node => nodeEnvironment(node, { ...secrets, ...given }, {}));
		expect(own.slice(0, 2).map(({ PORT }) => PORT)).toEqual(ports);
		expect(own.slice(0, 3).map(({ METRICS_PORT }) => METRICS_PORT)).toEqual(metrics);
		expect(own.slice(0, 3).map(({ HEALTH_PORT }) => HEALTH_PORT)).toEqual(health);
		// What the nodes of one host get together with what they share: no port twice.
		const shared = sharedEnvironment({ HEALTH_PORT: health[0], METRICS_PORT: metrics[0] });
		for (const name of ["HEALTH_PORT", "METRICS_PORT"]) {
			const fixed = own.map(one => ({ ...shared, ...one })[name]).filter(port => Number(port));
			expect(new Set(fixed).size).toBe(fixed.length);
		}
	});

	it("shares settings but no secrets, under either name", () => {
		const source = {
			LOG_LEVEL: "info",
			DATABASE_URL: "postgres://a",
			DATABASE_URL_FILE: "/run/secret",
			TOKEN_PRIVATE_KEY: "k",
			UNRELATED: "1"
		};
		expect(sharedEnvironment(source)).toEqual({ LOG_LEVEL: "info" });
	});

	it("passes settings with former names on under their current names, and none with retired names", () => {
		const plain = { schema: T.String(), about: "a test" };
		const names = {
			PRICES: { ...plain, formerName: "PRICING" },
			DEMO_MODE: { ...plain, formerName: "DEMO" },
			ORDERS: { ...plain, retiredName: "BACKLOG" }
		};
		const source = { PRICING: "{}", DEMO: "false", DEMO_MODE: "true", BACKLOG: "7" };
		expect(sharedEnvironment(source, names)).toEqual({ PRICES: "{}", DEMO_MODE: "true" });
		expect(sharedEnvironment({ DEMO: "false", SAGA_BACKLOG: "7" })).toEqual({});
	});
});
