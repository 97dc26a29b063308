import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { variables, type Variable, type VariableName } from "./env.ts";
import type { EnvironmentError } from "./environment-error.ts";
import { readEnvironment } from "./read-environment.ts";

function linesOf(source: Record<string, string | undefined>): string[] {
	try {
		readEnvironment(source);
		return [];
	} catch (error) {
		return (error as EnvironmentError).lines;
	}
}

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
		const lines = linesOf({
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

	it("never prints a secret", () => {
		const given = Object.entries(variables).filter(([, variable]) => "secret" in variable);
		const lines = linesOf(Object.fromEntries(given.map(([name]) => [name, "hunter2"])));
		expect(given.length).toBeGreaterThan(5);
		expect(lines).toHaveLength(given.length);
		expect(lines.join("\n")).not.toContain("hunter2");
	});

	it("requires brokers and a password with a Kafka user", () => {
		expect(linesOf({ KAFKA_SASL_USERNAME: "shop" })).toEqual([
			"KAFKA_BROKERS: is needed with KAFKA_SASL_USERNAME",
			"KAFKA_SASL_PASSWORD: is needed with KAFKA_SASL_USERNAME"
		]);
	});

	it.each(["broker", "kafka://broker:9092", "broker:9092,", "a:1 b:2"])(
		"refuses %j as brokers",
		brokers => expect(linesOf({ KAFKA_BROKERS: brokers })).toHaveLength(1)
	);

	const production = {
		NODE_ENV: "production",
		PAYMENT_PROVIDER: "simulator",
		MAIL_DRIVER: "mailbox",
		METRICS_PORT: "9100"
	};

	it("requires a payment provider and a mail driver in production", () => {
		expect(linesOf({ NODE_ENV: "production", METRICS_PORT: "0" })).toEqual([
			"PAYMENT_PROVIDER: must be set with NODE_ENV=production; the simulator moves no money",
			"MAIL_DRIVER: must be set with NODE_ENV=production; the mailbox sends no mail"
		]);
		expect(linesOf(production)).toEqual([]);
		expect(linesOf({ NODE_ENV: "production", SERVICES: "order,user" })).toEqual([]);
	});

	it.each([
		["gateway", undefined, false],
		["gateway,order", undefined, false],
		["gateway", "0", true],
		["gateway", "9100", true],
		["order", undefined, true]
	])("in production, lets %s run with METRICS_PORT=%s: %s", (SERVICES, METRICS_PORT, isAllowed) => {
		expect(linesOf({ NODE_ENV: "production", SERVICES, METRICS_PORT })).toEqual(
			isAllowed
				? []
				: ["METRICS_PORT: must be set with NODE_ENV=production; /metrics shows what the shop earns"]
		);
	});

	const noTls =
		"NATS_URL: must be tls:// with NODE_ENV=production, except for servers on this host";
	const noUser = "NATS_URL: must have a user and a password with NODE_ENV=production";
	const noUrl = "NATS_URL: is no URL, or no list of them separated by commas";
	it.each<[url: string, issues: string[]]>([
		["tls://shop:pw@bus.example:4222", []],
		["tls://shop:pw@a:4222,tls://b:4222", []],
		["nats://shop:pw@127.0.0.1:4222", []],
		["nats://shop:pw@localhost", []],
		["nats://shop:pw@[::1]:4222", []],
		["nats://shop:pw@127.0.0.1,tls://b", []],
		["nats://shop:pw@bus.example:4222", [noTls]],
		["nats://shop:pw@10.0.0.1", [noTls]],
		["nats://shop:pw@localhost.example", [noTls]],
		["tls://shop:pw@a,nats://b", [noTls]],
		["tls://bus.example", [noUser]],
		["tls://token@bus.example", [noUser]],
		["tls://:pw@bus.example", [noUser]],
		["nats://127.0.0.1:4222", [noUser]],
		["nats://bus.example:4222", [noTls, noUser]],
		["tls://shop:pw@a,", [noUrl]]
	])("in production, judges the bus %s", (NATS_URL, issues) => {
		expect(linesOf({ ...production, NATS_URL })).toEqual(issues);
		expect(linesOf({ NATS_URL })).toEqual([]);
	});

	it.each<[Record<string, string>, string[]]>([
		[{ PORT: "8080", METRICS_PORT: "8080" }, ["METRICS_PORT"]],
		[{ METRICS_PORT: "8080" }, ["METRICS_PORT"]],
		[{ HEALTH_PORT: "9100", METRICS_PORT: "9100" }, ["METRICS_PORT"]],
		[{ HEALTH_PORT: "8080" }, ["HEALTH_PORT"]],
		[{ PORT: "0", HEALTH_PORT: "0", METRICS_PORT: "0" }, []],
		[{ METRICS_PORT: "8080", SERVICES: "order" }, []],
		[{ PORT: "1", HEALTH_PORT: "2", METRICS_PORT: "3" }, []]
	])("refuses two servers on one port: %j", (source, names) => {
		expect(linesOf(source).map(line => line.split(":")[0])).toEqual(names);
	});

	it("requires Stripe's keys with Stripe, in the payment service only", () => {
		const stripe = { PAYMENT_PROVIDER: "stripe" };
		expect(linesOf(stripe)).toEqual([
			"STRIPE_SECRET_KEY: is needed with PAYMENT_PROVIDER=stripe",
			"STRIPE_WEBHOOK_SECRET: is needed with PAYMENT_PROVIDER=stripe"
		]);
		const keys = { STRIPE_SECRET_KEY: "sk_test_x", STRIPE_WEBHOOK_SECRET: "whsec_x" };
		expect(linesOf({ ...stripe, ...keys })).toEqual([]);
		expect(linesOf({ ...stripe, SERVICES: "order" })).toEqual([]);
	});

	it("requires a sender and a mail server with SMTP, in the notification service only", () => {
		const smtp = { MAIL_DRIVER: "smtp" };
		expect(linesOf(smtp)).toEqual([
			"MAIL_FROM: is needed with MAIL_DRIVER=smtp",
			"SMTP_URL: is needed with MAIL_DRIVER=smtp"
		]);
		const given = { MAIL_FROM: "The Shop <a@shop.example>", SMTP_URL: "smtp://u:p@mail:587" };
		expect(linesOf({ ...smtp, ...given })).toEqual([]);
		expect(linesOf({ ...smtp, SERVICES: "gateway,order" })).toEqual([]);
	});

	const topic = "arn:aws:sns:eu-central-1:123456789012:shop";
	it.each([
		["MAIL_DRIVER=ses", { MAIL_DRIVER: "ses", MAIL_FROM: "a@shop.example" }],
		["SMS_DRIVER=sns", { SMS_DRIVER: "sns" }],
		["SNS_TOPIC_ARN", { SNS_TOPIC_ARN: topic }],
		["NOTIFICATION_STORE=dynamodb", { NOTIFICATION_STORE: "dynamodb" }]
	])("requires a region with %s", (because, source) => {
		expect(linesOf(source)).toEqual([`AWS_REGION: is needed with ${because}`]);
		expect(linesOf({ ...source, AWS_REGION: "eu-central-1" })).toEqual([]);
	});

	it.each(["a@b\nBcc: c@d", "a@b, c@d", "Shop <a@b> x", "Shop a@b"])(
		"refuses %j as an address",
		from => expect(linesOf({ MAIL_FROM: from })).toHaveLength(1)
	);

	it("refuses demo data in production", () => {
		expect(linesOf({ ...production, DEMO_MODE: "1" })).toEqual([
			"DEMO_MODE: must not be on with NODE_ENV=production"
		]);
		expect(linesOf({ ...production, DEMO_MODE: "0" })).toEqual([]);
	});

	it("refuses armed failpoints in production", () => {
		const FAILPOINTS = "payment.charge.before_reply=kill";
		expect(linesOf({ ...production, FAILPOINTS })).toEqual([
			"FAILPOINTS: must not be set with NODE_ENV=production"
		]);
		expect(linesOf({ NODE_ENV: "test", FAILPOINTS })).toEqual([]);
	});

	describe("with a secret in a file", () => {
		const folder = mkdtempSync(join(tmpdir(), "env-"));
		const file = join(folder, "url");
		beforeAll(() => writeFileSync(file, "postgres://shop:pw@db/shop\n"));
		afterAll(() => rmSync(folder, { recursive: true }));

		it("reads it without the trailing newline", () => {
			expect(readEnvironment({ DATABASE_URL_FILE: file }).DATABASE_URL).toBe(
				"postgres://shop:pw@db/shop"
			);
		});

		it("says which file cannot be read", () => {
			const [line] = linesOf({ DATABASE_URL_FILE: join(folder, "absent") });
			expect(line).toMatch(/^DATABASE_URL_FILE: cannot be read: .*absent/);
		});

		it("reads only secrets from files", () => {
			expect(readEnvironment({ HOST_FILE: file }).HOST).toBe("127.0.0.1");
		});
	});
});

describe("variables", () => {
	it("have a description", () => {
		for (const { about } of Object.values(variables)) expect(about.length).toBeGreaterThan(10);
	});

	it("have valid defaults", () => {
		const defaults = Object.entries(variables).flatMap(([name, variable]) =>
			"fallback" in variable ? [[name, String(variable.fallback)]] : []
		);
		expect(linesOf(Object.fromEntries(defaults))).toEqual([]);
	});
});

describe("a variable under its former name", () => {
	const formerNames: [former: string, name: VariableName, given: string, value: unknown][] = [
		["SAGA_BACKLOG", "ORDERS_MAX_IN_FLIGHT", "7", 7],
		["PAYMENT_ANSWER_MS", "PAYMENT_CHARGE_WAIT_MS", "1500", 1500],
		["DEMO", "DEMO_MODE", "false", false],
		["PRICING", "PRICING_JSON", "{}", "{}"],
		["STREAM_DATABASE_URL", "EVENT_LOG_DATABASE_URL", "postgres://log", "postgres://log"]
	];

	it("has every former name in this table", () => {
		const declared = Object.values<Variable>(variables).flatMap(v => v.formerName ?? []);
		expect(declared.toSorted()).toEqual(formerNames.map(([former]) => former).toSorted());
	});

	it.each(formerNames)("%s is still read as %s, with one warning", (former, name, given, value) => {
		const emitWarning = jest.spyOn(process, "emitWarning").mockImplementation(() => undefined);
		try {
			expect(readEnvironment({ [former]: given })[name]).toEqual(value);
			readEnvironment({ [former]: given });
			expect(emitWarning).toHaveBeenCalledTimes(1);
			expect(emitWarning.mock.calls[0]![0]).toContain(`${former} is now called ${name}`);
		} finally {
			emitWarning.mockRestore();
		}
	});

	it("is ignored if the current name is set", () => {
		const source = {
			SAGA_BACKLOG: "seven",
			ORDERS_MAX_IN_FLIGHT: "9",
			EVENT_LOG_DATABASE_URL: "postgres://log",
			STREAM_DATABASE_URL_FILE: "/nowhere"
		};
		expect(readEnvironment(source).ORDERS_MAX_IN_FLIGHT).toBe(9);
	});

	it("is named by an error about its value", () => {
		expect(linesOf({ SAGA_BACKLOG: "seven" })).toEqual([expect.stringMatching(/^SAGA_BACKLOG: /)]);
		expect(linesOf({ STREAM_DATABASE_URL_FILE: "/nowhere" })).toEqual([
			expect.stringMatching(/^STREAM_DATABASE_URL_FILE: cannot be read/)
		]);
	});
});
