import { variables, type VariableName } from "./env.ts";
import { valueRule, type Variable } from "./variable.ts";
import { T } from "../lib/schema.ts";
import { nameGiven, readEnvironment } from "./read-environment.ts";
import { issuesOf } from "../tests/support/issues-of.ts";

const dashes = "-".repeat(5);

describe("readEnvironment", () => {
	it("has defaults for a first start", () => {
		expect(readEnvironment({})).toMatchObject({
			NODE_ENV: "development",
			HOST: "127.0.0.1",
			PORT: 8080,
			DATABASE_URL: undefined,
			DURABILITY: "prefix"
		});
	});

	it("parses numbers, switches and empty values", () => {
		const env = readEnvironment({ PORT: "0", DEMO_MODE: "0", NATS_URL: "", HOST: "" });
		expect(env).toMatchObject({
			PORT: 0,
			DEMO_MODE: false,
			NATS_URL: undefined,
			HOST: "127.0.0.1"
		});
		expect(readEnvironment({ DEMO_MODE: "true" }).DEMO_MODE).toBe(true);
	});

	it("lists every issue, each with its variable, the value and the expected type", () => {
		const lines = issuesOf({
			PORT: "http",
			DURABILITY: "sometimes",
			DATABASE_URL: "mysql://localhost",
			SERVICES: "order,stock",
			DEMO_MODE: "maybe"
		});
		expect(lines).toHaveLength(5);
		for (const name of ["PORT", "DURABILITY", "DATABASE_URL", "SERVICES", "DEMO_MODE"])
			expect(lines.find(line => line.startsWith(`${name}: `))).toContain(
				variables[name as keyof typeof variables].about
			);
		expect(lines.join("\n")).toContain('"sometimes"');
	});

	const ruled = Object.entries<Variable>(variables).flatMap(([name, variable]) => {
		const rule = valueRule(variable);
		return rule ? [{ name, rule, variable }] : [];
	});

	it.each(ruled)("says which values $name takes", ({ name, rule }) => {
		const wrong = "\u0000 \u00e4 <>";
		const [line, ...more] = issuesOf({ [name]: wrong });
		expect(more).toEqual([]);
		expect(line).toMatch(new RegExp(`^${name}: `));
		expect(line).toContain(` must be ${rule} (`);
	});

	it("has words for each form of text", () => {
		const free = Object.entries<Variable>(variables).filter(([, v]) => valueRule(v) === undefined);
		// What these take is checked by what parses them, or is any text.
		expect(free.map(([name]) => name)).toEqual([
			"HOST",
			"DATA_DIR",
			"TRUSTED_PROXIES",
			"WEBHOOK_ALLOWED_NETWORKS",
			"KAFKA_SASL_USERNAME",
			"KAFKA_SASL_PASSWORD",
			"PRICING_JSON",
			"FAILPOINTS"
		]);
	});

	it("lists every kind of issue in one round", () => {
		const lines = issuesOf({
			NODE_ENV: "production",
			PORT: "99999",
			LOG_LEVEL: "loud",
			DATABASE_URL: "postgres://a@one/shop?options=-c%20statement_timeout%3D0",
			ORDER_DATABASE_URL: "postgres://a@two/shop",
			USER_DATABASE_URL: "postgres://a:p#ss@one/shop",
			NATS_URL: "nats://bus",
			TOKEN_PRIVATE_KEY: `${dashes}BEGIN PRIVATE KEY${dashes}\nabc`,
			STRIPE_SECRET_KEY_FILE: "/nowhere",
			TRUSTED_PROXIES: "router",
			PRICING_JSON: "free",
			FAILPOINTS: "here"
		});
		expect(new Set(lines.map(line => line.split(":")[0]))).toEqual(
			new Set([
				"PORT",
				"LOG_LEVEL",
				"DATABASE_URL",
				"USER_DATABASE_URL",
				"DURABILITY",
				"NATS_URL",
				"TOKEN_PRIVATE_KEY",
				"STRIPE_SECRET_KEY_FILE",
				"TRUSTED_PROXIES",
				"PRICING_JSON",
				"FAILPOINTS",
				"METRICS_PORT",
				"PAYMENT_PROVIDER",
				"MAIL_DRIVER",
				"PUBLIC_URL"
			])
		);
	});

	it("never prints a secret", () => {
		const given = Object.entries(variables).filter(([, variable]) => "secret" in variable);
		const lines = issuesOf(Object.fromEntries(given.map(([name]) => [name, "hunter2"])));
		expect(given.length).toBeGreaterThan(5);
		expect(lines).toHaveLength(given.length);
		expect(lines.join("\n")).not.toContain("hunter2");
	});

	it("requires brokers and a password with a Kafka user", () => {
		expect(issuesOf({ KAFKA_SASL_USERNAME: "shop" })).toEqual([
			"KAFKA_BROKERS: is needed with KAFKA_SASL_USERNAME",
			"KAFKA_SASL_PASSWORD: is needed with KAFKA_SASL_USERNAME"
		]);
	});

	it.each(["broker", "kafka://broker:9092", "broker:9092,", "a:1 b:2"])(
		"refuses %j as brokers",
		brokers => expect(issuesOf({ KAFKA_BROKERS: brokers })).toHaveLength(1)
	);
});

describe("variables", () => {
	it("have a description", () => {
		for (const { about } of Object.values(variables)) expect(about.length).toBeGreaterThan(10);
	});

	it("have valid defaults", () => {
		const defaults = Object.entries(variables).flatMap(([name, variable]) =>
			"fallback" in variable ? [[name, String(variable.fallback)]] : []
		);
		expect(issuesOf(Object.fromEntries(defaults))).toEqual([]);
	});
});

describe("a variable under a name that it had", () => {
	const warned = jest.fn();
	beforeEach(() => {
		warned.mockClear();
		jest.spyOn(process, "emitWarning").mockImplementation(warned);
	});
	afterEach(() => jest.restoreAllMocks());

	const prices = '{"*":{"shipping":5,"tax_basis_points":0}}';
	const retiredNames: [retired: string, name: VariableName, given: string][] = [
		["SAGA_BACKLOG", "ORDERS_MAX_IN_FLIGHT", "7"],
		["PAYMENT_ANSWER_MS", "PAYMENT_CHARGE_WAIT_MS", "1500"],
		["DEMO", "DEMO_MODE", "false"],
		["PRICING", "PRICING_JSON", prices],
		["STREAM_DATABASE_URL", "EVENT_LOG_DATABASE_URL", "postgres://a@log/log"]
	];

	it("has every retired name in this table, and none is read", () => {
		const all = Object.values<Variable>(variables);
		expect(all.flatMap(({ retiredName }) => retiredName ?? []).toSorted()).toEqual(
			retiredNames.map(([retired]) => retired).toSorted()
		);
	});

	it.each(retiredNames)("%s is ignored beside %s, with one warning", (retired, name, given) => {
		expect(readEnvironment({ [retired]: given })[name]).toEqual(readEnvironment({})[name]);
		readEnvironment({ [retired]: given });
		expect(warned.mock.calls).toEqual([
			[`${retired} is now called ${name}; the old name is ignored`, "Configuration"]
		]);
	});

	it("names no value of one in an error", () => {
		expect(issuesOf({ SAGA_BACKLOG: "seven", STREAM_DATABASE_URL_FILE: "/nowhere" })).toEqual([]);
	});

	const renamed: Variable = {
		schema: T.String(),
		about: "a test",
		secret: true,
		formerName: "OLD"
	};

	it.each<[what: string, source: Record<string, string>, read: string, warnings: unknown[]]>([
		["no name", {}, "NEW", []],
		["its name", { NEW: "a" }, "NEW", []],
		[
			"its former name",
			{ OLD: "a" },
			"OLD",
			["OLD is now called NEW; the old name is read for the last version"]
		],
		["its former name, again", { OLD_FILE: "a" }, "OLD", []],
		["both", { NEW: "a", OLD: "b" }, "NEW", []]
	])("is read, until the version after, by %s", (_, source, read, warnings) => {
		expect(nameGiven("NEW", renamed, source)).toBe(read);
		expect(warned.mock.calls.map(([text]) => text)).toEqual(warnings);
	});
});
