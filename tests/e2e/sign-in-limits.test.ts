import { generateKeyPairSync } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Service, ServiceBroker } from "moleculer";
import gatewayService from "../../services/gateway/gateway.service.ts";
import metricsService from "../../services/metrics/metrics.service.ts";
import userService from "../../services/user/user.service.ts";
import { expectProblem } from "../support/expect-failure.ts";
import { type Answer, Client } from "../support/shop/api-client.ts";
import { useShop } from "../support/shop/use-shop.ts";
import { until } from "../support/until.ts";

/** Guesses of passwords over HTTP, with the limits that a shop has by default. */

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const environment = {
	// More guesses come at one time than the connections of one network.
	CONNECTIONS_MAX_OF_NETWORK: "0",
	TOKEN_PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
	TOKEN_PUBLIC_KEY: publicKey.export({ type: "spki", format: "pem" }) as string
};
const services = [userService, gatewayService, metricsService];
const shop = useShop(services, environment, { nodes: 2 });
const behindProxy = useShop(services, { ...environment, TRUSTED_PROXIES: "10.0.0.0/8, 127.0.0.1" });

const urlOf = (node: ServiceBroker) => {
	const gateway = node.getLocalService("gateway") as Service & { port(): number };
	return `http://127.0.0.1:${gateway.port()}`;
};
const password = "demo-Password-1";
const [alice, bob] = ["alice@shop.test", "bob@shop.test"] as const;

const login = (node: ServiceBroker, email: string, secret: string, forwardedFor?: string) =>
	new Client(
		urlOf(node),
		forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }
	).post("/api/v1/auth/login", { email, password: secret }, { key: null });
/** The answer of a shop that has recovered: after the burst a breaker may still be open. */
const decided = (node: ServiceBroker, email: string, secret: string) =>
	until(async () => {
		const answer = await login(node, email, secret);
		return answer.status < 500 ? answer : undefined;
	}, 20_000);
const register = (node: ServiceBroker, email: string) =>
	new Client(urlOf(node)).post("/api/v1/auth/register", { email, password: "a-Long-enough-1" });

const statusesOf = (answers: readonly Answer[]) =>
	Object.fromEntries(
		[...Map.groupBy(answers, ({ status }) => status)].map(([status, { length }]) => [
			status,
			length
		])
	) as Record<number, number | undefined>;

function expectLimited(answer: Answer, code: "TOO_MANY_SIGN_INS" | "TOO_MANY_REGISTRATIONS"): void {
	expectProblem(answer, code);
	const seconds = Number(answer.headers.get("retry-after"));
	expect(seconds).toBeGreaterThan(0);
	expect(seconds).toBeLessThanOrEqual(900);
	expect(answer.body).not.toHaveProperty("detail");
}

afterEach(async () => {
	for (const { database } of [shop, behindProxy]) await database.rows("delete from users.attempts");
});

const metric = async (node: ServiceBroker, labels: string) => {
	const register = (
		node.getLocalService("metrics") as unknown as { register: { metrics(): string } }
	).register.metrics();
	const line = register
		.split("\n")
		.find(one => one.startsWith(`shop_account_attempts_total{${labels}}`));
	return Number(line?.split(" ")[1] ?? 0);
};

/** Of all nodes. */
const sumOf = async (labels: string) => {
	const counts = await Promise.all(shop.nodes.map(node => metric(node, labels)));
	return counts.reduce((sum, count) => sum + count, 0);
};

describe("600 wrong guesses at once", () => {
	it("are hashed ten times, and then the right password is refused too", async () => {
		const [wrong, limited] = ["wrong", "limited"].map(
			result => () => sumOf(`attempt="sign_in",result="${result}"`)
		) as [() => Promise<number>, () => Promise<number>];
		const [wrongBefore, limitedBefore] = [await wrong(), await limited()];
		const answers = await Promise.all(
			Array.from({ length: 600 }, (_, i) => login(shop.nodes[i % 2]!, alice, `wrong-${i}`))
		);
		// A busy machine answers some too late for their gateway, with 504.
		const {
			401: hashed = 0,
			429: refused = 0,
			503: overloaded = 0,
			504: late = 0,
			...others
		} = statusesOf(answers);
		expect(others).toEqual({});
		expect(hashed).toBeLessThanOrEqual(10);
		expect(hashed + refused + overloaded + late).toBe(600);
		await until(async () => (await wrong()) - wrongBefore >= 10);
		for (const node of shop.nodes)
			expectLimited(await decided(node, alice, password), "TOO_MANY_SIGN_INS");
		expectLimited(await decided(shop.broker, alice, "wrong"), "TOO_MANY_SIGN_INS");
		expect((await decided(shop.broker, bob, password)).status).toBe(200);
		expect((await wrong()) - wrongBefore).toBe(10);
		expect(await limited()).toBeGreaterThan(limitedBefore);
	}, 60_000);
});

describe("30 clients that guess", () => {
	it("do not keep customers from signing in, from elsewhere or from a network that they used before", async () => {
		const { broker } = behindProxy;
		const [crowd, outside] = ["203.0.113.1", "203.0.113.2"];
		expect((await login(broker, alice, password, crowd)).status).toBe(200);
		let isOver = false;
		const answers: Answer[] = [];
		const guessers = Array.from({ length: 30 }, async (_, guesser) => {
			for (let n = 0; !isOver; n++) {
				answers.push(await login(broker, `somebody-${guesser}-${n % 3}@shop.test`, "wrong", crowd));
				// The guessers share a process with the shop, and must not keep it busy by themselves.
				await setTimeout(20);
			}
		});
		const customers = { inCrowd: [] as Answer[], elsewhere: [] as Answer[] };
		for (let n = 0; n < 10; n++) {
			customers.elsewhere.push(await login(broker, bob, password, outside));
			customers.inCrowd.push(await login(broker, alice, password, crowd));
		}
		isOver = true;
		await Promise.all(guessers);
		// A customer may wait too long for a hash, above all in the crowd, but is never refused as a guesser.
		for (const own of Object.values(customers)) {
			const { 200: signedIn = 0, 503: overloaded = 0, 504: late = 0, ...others } = statusesOf(own);
			expect(others).toEqual({});
			expect(signedIn).toBeGreaterThan(overloaded + late);
		}
		expect(statusesOf(answers)[401] ?? 0).toBeLessThanOrEqual(100);
	}, 60_000);
});

describe("X-Forwarded-For", () => {
	const guess = async (node: ServiceBroker, forwardedFor: (n: number) => string) => {
		for (let n = 0; n < 10; n++)
			expectProblem(await login(node, alice, "wrong", forwardedFor(n)), "INVALID_CREDENTIALS");
	};

	it("gives no new guesses to a client that is no trusted proxy", async () => {
		await guess(shop.broker, n => `203.0.113.${n}`);
		for (const claim of ["203.0.113.99", "10.0.0.1", "127.0.0.1", "unknown", undefined])
			expectLimited(await login(shop.broker, alice, password, claim), "TOO_MANY_SIGN_INS");
	});

	it("tells clients of a trusted proxy apart, by the entry that the proxy wrote", async () => {
		const { broker } = behindProxy;
		await guess(broker, n => `198.51.100.${n}, 203.0.113.1`);
		for (const hops of ["203.0.113.1", "203.0.113.2, 203.0.113.1", "::ffff:203.0.113.1, 10.1.1.1"])
			expectLimited(await login(broker, alice, password, hops), "TOO_MANY_SIGN_INS");
		expect((await login(broker, alice, password, "203.0.113.1, 203.0.113.2")).status).toBe(200);
	});

	it("counts IPv6 clients by their /64", async () => {
		const { broker } = behindProxy;
		await guess(broker, n => `2001:db8:0:1:${n}::${n}`);
		const inside = await login(broker, alice, password, "2001:db8:0:1:ffff::1");
		expectLimited(inside, "TOO_MANY_SIGN_INS");
		expect((await login(broker, alice, password, "2001:db8:0:2::1")).status).toBe(200);
	});
});

describe("the network of a client", () => {
	it.each(["network", "meta", "address", "forwarded"])(
		"is not set by the member %s of a body",
		async name => {
			for (const path of ["login", "register"]) {
				const body = { email: alice, password: "a-Long-enough-1", [name]: "203.0.113.9" };
				const answer = await new Client(urlOf(shop.broker)).post(`/api/v1/auth/${path}`, body);
				expectProblem(answer, "VALIDATION_FAILED");
			}
		}
	);
});

describe("registrations", () => {
	it("that are too many at one time are one line of the gateway's log, and one with their number", async () => {
		const gateway = shop.broker.getLocalService("gateway") as Service & {
			failures: { stop(): void };
		};
		const lines: string[] = [];
		const warn = jest
			.spyOn(gateway.logger, "warn")
			.mockImplementation(line => lines.push(String(line)));
		gateway.failures.stop();
		gateway.failures.stop();
		lines.length = 0;
		const many = Array.from({ length: 320 }, (_, i) => register(shop.broker, `m${i}@shop.test`));
		const { 503: overloaded = 0, ...others } = statusesOf(await Promise.all(many));
		gateway.failures.stop();
		warn.mockRestore();
		expect(overloaded).toBeGreaterThan(1);
		expect(others[202]).toBeLessThanOrEqual(100);
		const text = /^request [0-9a-f-]{36}: The shop is overloaded; try again soon/;
		// An overloaded shop may also say that it could not read who is locked.
		const requests = lines.filter(line => line.startsWith("request "));
		expect(requests).toEqual([expect.stringMatching(text), expect.stringMatching(text)]);
		expect(requests[1]).toContain(`(${overloaded - 1} of this kind since the last line)`);
	});

	it("are limited by network", async () => {
		await shop.database.rows("delete from users.attempts");
		const first = await register(shop.broker, "first@shop.test");
		expect(first.status).toBe(202);
		await shop.database.rows(
			"update users.attempts set points = 100 where key like 'registrations:%'"
		);
		for (const node of shop.nodes)
			expectLimited(await register(node, "late@shop.test"), "TOO_MANY_REGISTRATIONS");
		expect((await login(shop.broker, "first@shop.test", "a-Long-enough-1")).status).toBe(200);
	});
});
