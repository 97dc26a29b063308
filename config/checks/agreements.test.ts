import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { serviceNames } from "../index.ts";
import { readEnvironment } from "../read-environment.ts";
import { issuesOf } from "../../tests/support/issues-of.ts";

const dashes = "-".repeat(5);

describe("variables that depend on each other", () => {
	const own = generateKeyPairSync("ed25519");
	const publicPem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
	const TOKEN_PRIVATE_KEY = own.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
	const keysAndLinks = {
		NODE_ENV: "production",
		TOKEN_PRIVATE_KEY,
		PUBLIC_URL: "https://shop.example"
	};
	const production = {
		...keysAndLinks,
		PAYMENT_PROVIDER: "simulator",
		MAIL_DRIVER: "mailbox",
		METRICS_PORT: "9100"
	};

	it("requires a payment provider and a mail driver in production", () => {
		expect(issuesOf({ ...keysAndLinks, METRICS_PORT: "0" })).toEqual([
			"PAYMENT_PROVIDER: must be set with NODE_ENV=production; the simulator moves no money",
			"MAIL_DRIVER: must be set with NODE_ENV=production; the mailbox sends no mail"
		]);
		expect(issuesOf(production)).toEqual([]);
		expect(issuesOf({ NODE_ENV: "production", SERVICES: "order" })).toEqual([]);
	});

	it("requires of a command nothing that only services need", () => {
		expect(readEnvironment({ NODE_ENV: "production" }, { runsServices: false })).toMatchObject({
			NODE_ENV: "production"
		});
	});

	const links =
		"PUBLIC_URL: must be set with NODE_ENV=production; links would lead to HOST and PORT";
	it.each<[Record<string, string | undefined>, string[]]>([
		[{ SERVICES: "gateway" }, [links]],
		[{ SERVICES: "notification" }, [links]],
		[{ SERVICES: "notification", SHOP_ORDER_URL: "https://shop.example/{id}" }, []],
		[{ SERVICES: "payment" }, [links]],
		[{ SERVICES: "payment", PAYMENT_RETURN_URL: "https://shop.example/paid" }, []],
		[{ SERVICES: "order,product,user,analytics" }, []],
		[{ SERVICES: "gateway", NODE_ENV: "development" }, []]
	])("requires links that lead to the shop: %j", (source, issues) =>
		expect(issuesOf({ ...production, PUBLIC_URL: undefined, ...source })).toEqual(issues)
	);

	it.each([
		["https://shop.example", true],
		["https://shop.example:8443/", true],
		["http://[::1]:8080", true],
		["https://shop.example/shop", false],
		["https://u:pw@shop.example", false],
		["https://shop.example?x=1", false],
		["http:///x", false],
		['https://x"y', false],
		["shop.example", false]
	])("judges PUBLIC_URL=%s: %s", (PUBLIC_URL, isValid) =>
		expect(issuesOf({ PUBLIC_URL }).length === 0).toBe(isValid)
	);

	const made = "openssl genpkey -algorithm ed25519 makes one";
	const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
	const missingKey = `TOKEN_PRIVATE_KEY: must be set with NODE_ENV=production (or _FILE); ${made}`;
	const garbled = `TOKEN_PRIVATE_KEY: is no Ed25519 key; ${made}`;
	it.each<[string, Record<string, string | undefined>, string[]]>([
		["none", { TOKEN_PRIVATE_KEY: undefined, SERVICES: "user" }, [missingKey]],
		["none for both services", { TOKEN_PRIVATE_KEY: undefined }, [missingKey]],
		[
			"none for the gateway",
			{ TOKEN_PRIVATE_KEY: undefined, SERVICES: "gateway" },
			["TOKEN_PUBLIC_KEY: must be set with NODE_ENV=production (or _FILE), or TOKEN_PRIVATE_KEY"]
		],
		[
			"the public half for both services",
			{ TOKEN_PRIVATE_KEY: undefined, TOKEN_PUBLIC_KEY: publicPem(own.publicKey) },
			[missingKey]
		],
		[
			"the public half",
			{
				TOKEN_PRIVATE_KEY: undefined,
				TOKEN_PUBLIC_KEY: publicPem(own.publicKey),
				SERVICES: "gateway"
			},
			[]
		],
		["garbage", { TOKEN_PRIVATE_KEY: `${dashes}BEGIN PRIVATE KEY${dashes}\nabc` }, [garbled]],
		[
			"RSA",
			{ TOKEN_PRIVATE_KEY: rsa.export({ type: "pkcs8", format: "pem" }).toString() },
			[garbled]
		],
		[
			"halves of two pairs",
			{ TOKEN_PUBLIC_KEY: publicPem(generateKeyPairSync("ed25519").publicKey) },
			["TOKEN_PUBLIC_KEY: is not the public half of TOKEN_PRIVATE_KEY"]
		]
	])("judges the keys of tokens: %s", (_, source, issues) =>
		expect(issuesOf({ ...production, ...source })).toEqual(issues)
	);

	it.each([
		["gateway", undefined, false],
		["gateway,order", undefined, false],
		["gateway", "0", true],
		["gateway", "9100", true],
		["order", undefined, true]
	])("in production, lets %s run with METRICS_PORT=%s: %s", (SERVICES, METRICS_PORT, isAllowed) => {
		expect(issuesOf({ ...keysAndLinks, SERVICES, METRICS_PORT })).toEqual(
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
		expect(issuesOf({ ...production, NATS_URL })).toEqual(issues);
		expect(issuesOf({ NATS_URL })).toEqual([]);
	});

	it.each(serviceNames.map(name => `${name.toUpperCase()}_DATABASE_URL`))("judges %s", name => {
		const url = "postgres://a:b@db/shop";
		expect(issuesOf({ [name]: `${url}?sslmode=bogus` })).toEqual([
			expect.stringContaining(`${name}: `)
		]);
		const other = { DATABASE_URL: url, [name]: url.replace("@db", "@other") };
		expect(issuesOf(other)).toEqual([expect.stringContaining("DURABILITY: must be strict")]);
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
		expect(issuesOf(source).map(line => line.split(":")[0])).toEqual(names);
	});

	it("requires Stripe's keys with Stripe, in the payment service only", () => {
		const stripe = { PAYMENT_PROVIDER: "stripe" };
		expect(issuesOf(stripe)).toEqual([
			"STRIPE_SECRET_KEY: is needed with PAYMENT_PROVIDER=stripe",
			"STRIPE_WEBHOOK_SECRET: is needed with PAYMENT_PROVIDER=stripe"
		]);
		const keys = { STRIPE_SECRET_KEY: "sk_test_x", STRIPE_WEBHOOK_SECRET: "whsec_x" };
		expect(issuesOf({ ...stripe, ...keys })).toEqual([]);
		expect(issuesOf({ ...stripe, SERVICES: "order" })).toEqual([]);
	});

	it("requires Kafka where Flink publishes windows", () => {
		const ANALYTICS_ENGINE = "flink";
		expect(issuesOf({ ANALYTICS_ENGINE })).toEqual([
			"KAFKA_BROKERS: is needed with ANALYTICS_ENGINE=flink"
		]);
		expect(issuesOf({ ANALYTICS_ENGINE, KAFKA_BROKERS: "kafka:9092" })).toEqual([]);
		expect(issuesOf({ ANALYTICS_ENGINE: "builtin" })).toEqual([]);
		expect(issuesOf({ ANALYTICS_ENGINE: "spark" })).toEqual([
			expect.stringContaining("must be one of: builtin, flink")
		]);
	});

	it("requires a sender and a mail server with SMTP, in the notification service only", () => {
		const smtp = { MAIL_DRIVER: "smtp" };
		expect(issuesOf(smtp)).toEqual([
			"MAIL_FROM: is needed with MAIL_DRIVER=smtp",
			"SMTP_URL: is needed with MAIL_DRIVER=smtp"
		]);
		const given = { MAIL_FROM: "The Shop <a@shop.example>", SMTP_URL: "smtp://u:p@mail:587" };
		expect(issuesOf({ ...smtp, ...given })).toEqual([]);
		expect(issuesOf({ ...smtp, SERVICES: "gateway,order" })).toEqual([]);
	});

	const topic = "arn:aws:sns:eu-central-1:123456789012:shop";
	it.each([
		["MAIL_DRIVER=ses", { MAIL_DRIVER: "ses", MAIL_FROM: "a@shop.example" }],
		["SMS_DRIVER=sns", { SMS_DRIVER: "sns" }],
		["SNS_TOPIC_ARN", { SNS_TOPIC_ARN: topic }],
		["NOTIFICATION_STORE=dynamodb", { NOTIFICATION_STORE: "dynamodb" }]
	])("requires a region with %s", (because, source) => {
		expect(issuesOf(source)).toEqual([`AWS_REGION: is needed with ${because}`]);
		expect(issuesOf({ ...source, AWS_REGION: "eu-central-1" })).toEqual([]);
	});

	it.each(["a@b\nBcc: c@d", "a@b, c@d", "Shop <a@b> x", "Shop a@b"])(
		"refuses %j as an address",
		from => expect(issuesOf({ MAIL_FROM: from })).toHaveLength(1)
	);

	it("refuses demo data in production", () => {
		expect(issuesOf({ ...production, DEMO_MODE: "1" })).toEqual([
			"DEMO_MODE: must not be on with NODE_ENV=production"
		]);
		expect(issuesOf({ ...production, DEMO_MODE: "0" })).toEqual([]);
	});

	it("refuses armed failpoints in production", () => {
		const FAILPOINTS = "payment.charge.before_reply=kill";
		expect(issuesOf({ ...production, FAILPOINTS })).toEqual([
			"FAILPOINTS: must not be set with NODE_ENV=production"
		]);
		expect(issuesOf({ NODE_ENV: "test", FAILPOINTS })).toEqual([]);
	});
});
