import { generateKeyPairSync } from "node:crypto";
import { readEnvironment } from "./read-environment.ts";
import { config, toConfig, useConfig } from "./index.ts";

const from = (source: Record<string, string>) => toConfig(readEnvironment(source));

const production = {
	NODE_ENV: "production",
	PUBLIC_URL: "https://shop.example/",
	TOKEN_PRIVATE_KEY: generateKeyPairSync("ed25519")
		.privateKey.export({ type: "pkcs8", format: "pem" })
		.toString(),
	METRICS_PORT: "0",
	PAYMENT_PROVIDER: "simulator",
	MAIL_DRIVER: "smtp",
	MAIL_FROM: "a@shop.example",
	SMTP_URL: "smtp://mail"
};

describe("toConfig", () => {
	it("switches demo mode on, but not in production", () => {
		expect(from({}).demo).toBe(true);
		expect(from({ DEMO_MODE: "0" }).demo).toBe(false);
		expect(from(production).demo).toBe(false);
	});

	it("keeps text messages in the mailbox, but not in production", () => {
		expect(from({}).sms.driver).toBe("mailbox");
		expect(from(production).sms.driver).toBe("none");
		expect(from({ ...production, SMS_DRIVER: "mailbox" }).sms.driver).toBe("mailbox");
	});

	it("splits the list of services", () => {
		expect(from({ SERVICES: "order,payment" }).services).toEqual(["order", "payment"]);
	});

	it("requires strict durability when services use different servers", () => {
		const urls = {
			DATABASE_URL: "postgres://a@one/shop",
			ORDER_DATABASE_URL: "postgres://b@two/shop"
		};
		expect(() => toConfig(readEnvironment(urls))).toThrow("DURABILITY: must be strict");
		expect(toConfig(readEnvironment({ ...urls, DURABILITY: "strict" })).durability).toBe("strict");
		const same = { ...urls, ORDER_DATABASE_URL: "postgres://b@one/shop" };
		expect(toConfig(readEnvironment(same)).durability).toBe("prefix");
	});

	it("uses Kafka if brokers are set, with the given credentials", () => {
		expect(from({}).kafka).toBeUndefined();
		const plain = { brokers: ["a:9092", "b:9092"], ssl: false, sasl: undefined };
		expect(from({ KAFKA_BROKERS: "a:9092,b:9092" }).kafka).toMatchObject(plain);
		const login = {
			KAFKA_BROKERS: "a:9092",
			KAFKA_SSL: "1",
			KAFKA_SASL_USERNAME: "shop",
			KAFKA_SASL_PASSWORD: "long-enough"
		};
		const sasl = { mechanism: "scram-sha-512", username: "shop", password: "long-enough" };
		expect(from(login).kafka).toMatchObject({ ssl: true, sasl });
	});

	it("knows trusted proxies by address and network, and by default none", () => {
		expect(from({}).trustedProxies.has("127.0.0.1")).toBe(false);
		const { trustedProxies } = from({ TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.1,2001:db8::/32" });
		for (const proxy of ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1", "2001:db8::9"])
			expect(trustedProxies.has(proxy)).toBe(true);
		for (const other of ["127.0.0.1", "192.0.2.2", "::1"])
			expect(trustedProxies.has(other)).toBe(false);
	});

	it.each(["10.0.0.0/33", "localhost", "10.0.0.1,", "10.0.0.1 10.0.0.2", "0.0.0.0/0", "::/0", "*"])(
		"refuses %j as trusted proxies",
		list => {
			expect(() => from({ TRUSTED_PROXIES: list })).toThrow("TRUSTED_PROXIES: ");
		}
	);

	it("cannot be changed", () => {
		expect(Object.isFrozen(from({}))).toBe(true);
	});

	it("reads shipping and tax by region", () => {
		const table = {
			"*": { shipping: { USD: 500, JPY: 800, KWD: 1250 }, tax_basis_points: 0 },
			US: { shipping: 0, tax_basis_points: 0 },
			"US-CA": { shipping: 0, tax_basis_points: 825 }
		};
		expect(from({ PRICING_JSON: JSON.stringify(table) }).pricing).toEqual(table);
		expect(from({}).pricing).toEqual({ "*": { shipping: 0, tax_basis_points: 0 } });
	});

	it.each([
		["US-California", "US-CA"],
		["US-ca", "US-CA"],
		["CA-Quebec", "CA-QC"],
		["JP-Tokyo", "JP-13"],
		["GB-NIR", "GB-NIR"],
		["FR-75C", "FR-75C"]
	])("reads the region %s as %s", (written, code) => {
		const price = { shipping: 0, tax_basis_points: 825 };
		const json = JSON.stringify({ "*": price, [written]: price });
		expect(Object.keys(from({ PRICING_JSON: json }).pricing)).toEqual(["*", code]);
	});

	it.each([
		["US-ZZ", "PRICING_JSON: US-ZZ is no region of ISO 3166"],
		["ZZ", "PRICING_JSON: ZZ is no region of ISO 3166"],
		["UK", "PRICING_JSON: UK is no region of ISO 3166"],
		["HK-Kowloon", "PRICING_JSON: HK-Kowloon is no region of ISO 3166"],
		["US-California", "PRICING_JSON: US-CA is listed twice"]
	])("refuses a price for the region %s beside one for US-CA", (region, sentence) => {
		const price = { shipping: 0, tax_basis_points: 0 };
		const json = JSON.stringify({ "*": price, "US-CA": price, [region]: price });
		expect(() => from({ PRICING_JSON: json })).toThrow(sentence);
	});

	it.each([
		["{", "PRICING_JSON: is not JSON"],
		["[]", "PRICING_JSON:"],
		["{}", 'PRICING_JSON: "*" is missing'],
		['{"*":{"shipping":-1,"tax_basis_points":0}}', "PRICING_JSON: /*/shipping must be >= 0"],
		['{"*":{"shipping":1.5,"tax_basis_points":0}}', "PRICING_JSON: /*/shipping must be integer"],
		[
			'{"*":{"shipping":500,"tax_basis_points":0}}',
			'PRICING_JSON: /*/shipping must be 0 or by currency, such as {"USD":500}'
		],
		['{"*":{"shipping":null,"tax_basis_points":0}}', "PRICING_JSON: /*/shipping must be"],
		['{"*":{"shipping":[500],"tax_basis_points":0}}', "PRICING_JSON: /*/shipping must be"],
		[
			'{"*":{"shipping":{"USD":-1},"tax_basis_points":0}}',
			"PRICING_JSON: /*/shipping/USD must be >= 0"
		],
		['{"*":{"shipping":{"USD":1.5},"tax_basis_points":0}}', "/*/shipping/USD must be integer"],
		[
			'{"*":{"shipping":{"usd":500},"tax_basis_points":0}}',
			"PRICING_JSON: /*/shipping must be one of: AED, AFN"
		],
		[
			'{"*":{"shipping":{"XAU":500},"tax_basis_points":0}}',
			"PRICING_JSON: /*/shipping must be one of: AED, AFN"
		],
		[
			'{"*":{"shipping":{"IQD":500},"tax_basis_points":0}}',
			"PRICING_JSON: /*/shipping must be one of: AED, AFN"
		],
		[
			'{"*":{"shipping":{"KWD":1255},"tax_basis_points":0}}',
			"PRICING_JSON: /*/shipping/KWD must be a multiple of 10"
		],
		[
			'{"*":{"shipping":{"MGA":50},"tax_basis_points":0}}',
			"PRICING_JSON: /*/shipping/MGA must be a multiple of 100"
		],
		['{"*":{"shipping":0}}', "PRICING_JSON: /*/tax_basis_points is required"],
		[
			'{"*":{"shipping":0,"tax_basis_points":0},"usa":{"shipping":0,"tax_basis_points":0}}',
			"PRICING_JSON: /usa is not a known member"
		]
	])("refuses %s as pricing", (json, sentence) => {
		expect(() => from({ PRICING_JSON: json })).toThrow(sentence);
	});
});

describe("config", () => {
	it("returns the configuration that a launcher set", () => {
		const mine = from({ PORT: "1234" });
		useConfig(mine);
		expect(config()).toBe(mine);
	});
});
