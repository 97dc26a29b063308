import { stripVTControlCharacters } from "node:util";
import {
	ServiceBroker,
	type ActionSchema,
	type BrokerOptions,
	type CallingOptions,
	type ServiceSchema
} from "moleculer";
import { variables } from "../config/env.ts";
import { toConfig, useConfig } from "../config/index.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { LogContext } from "../lib/log/line-context.ts";
import { Failure } from "../lib/errors.ts";
import brokerOptions from "../moleculer.config.ts";
import { startBus, stopBus } from "./support/servers/start-bus.ts";

/** A service on a node that receives requests, but whose responses never arrive. */
function mute() {
	const counts = { ran: 0 };
	const service: ServiceSchema = {
		name: "mute",
		actions: { ask: { access: "anyone", handler: () => void counts.ran++ } as ActionSchema },
		started() {
			this.broker.transit!.sendResponse = () => Promise.resolve();
		}
	};
	return { counts, service };
}

/** What a caller on another node gets from calls in a row, and how often the action ran. */
async function callsReached(calls: number, opts: CallingOptions = {}, broker: BrokerOptions = {}) {
	const { counts, service } = mute();
	// A tracking caller would wait for these responses when it stops.
	const untracked = { ...broker, tracking: { enabled: false } };
	const brokers = await startBus([[], [service]], { broker: untracked });
	const errors: (string | undefined)[] = [];
	for (let i = 0; i < calls; i++)
		await brokers[0]!
			.call("mute.ask", {}, { timeout: 30, ...opts })
			.catch((error: { type?: string }) => errors.push(error.type));
	await stopBus(brokers);
	return { errors, ...counts };
}

const times = (count: number, text: string) => Array.from({ length: count }, () => text);

describe("the broker's options", () => {
	it.each([
		["nats://shop:pw@a", undefined],
		["tls://shop:pw@a", {}],
		["tls://shop:pw@a,tls://b", {}],
		["nats://shop:pw@a,tls://b", {}]
	])("demand TLS as the scheme of %s says, which Moleculer ignores", (NATS_URL, tls) => {
		useConfig(toConfig(readEnvironment({ NODE_ENV: "test", NATS_URL })));
		const { options } = brokerOptions().transporter as { options: { tls?: object } };
		expect(options.tls).toEqual(tls);
	});

	it.each([
		["text", /^\[[\d:.]+Z\] INFO {2}ORDER: placed$/],
		["json", /^{"@timestamp":".*"message":"placed",.*"log.logger":"order","labels.order_id":"o1"}$/]
	])("log what a line is about as LOG_FORMAT=%s says", (LOG_FORMAT, expected) => {
		useConfig(toConfig(readEnvironment({ NODE_ENV: "test", LOG_LEVEL: "info", LOG_FORMAT })));
		const printed = jest.spyOn(console, "log").mockImplementation(() => undefined);
		const broker = new ServiceBroker({ ...brokerOptions(), middlewares: [] });
		printed.mockClear();
		broker.getLogger("order").info("placed", new LogContext({ orderId: "o1" }));
		const [args = []] = printed.mock.calls;
		printed.mockRestore();
		expect(stripVTControlCharacters(args.join(" "))).toMatch(expected);
	});

	it("open the breaker on timeouts", async () => {
		expect((await callsReached(6)).errors).toEqual([
			...times(4, "REQUEST_TIMEOUT"),
			...times(2, "SERVICE_NOT_AVAILABLE")
		]);
	});

	it.each([
		[
			"opens when the other side is unavailable",
			new Failure("UNAVAILABLE"),
			"SERVICE_NOT_AVAILABLE"
		],
		["stays closed on a refusal", new Failure("NOT_FOUND"), "NOT_FOUND"],
		["stays closed on a full backlog", new Failure("OVERLOADED"), "OVERLOADED"],
		["stays closed on an internal error", new TypeError("undefined"), "INTERNAL"]
	])("say that the breaker %s", async (_, error, last) => {
		const action = { access: "anyone", handler: () => Promise.reject(error) } as ActionSchema;
		const brokers = await startBus([[], [{ name: "failing", actions: { ask: action } }]]);
		const ask = () => brokers[0]!.call("failing.ask").catch(e => (e as { type: string }).type);
		for (let i = 0; i < 5; i++) await ask();
		expect(await ask()).toBe(last);
		await stopBus(brokers);
	});

	it("require their order of middlewares: with Moleculer's own the breaker never opens", async () => {
		const stock = { internalMiddlewares: true, middlewares: [] };
		expect((await callsReached(6, {}, stock)).errors).toEqual(times(6, "REQUEST_TIMEOUT"));
	});

	it("run a slow command once", async () => {
		await expect(callsReached(1)).resolves.toEqual({ errors: ["REQUEST_TIMEOUT"], ran: 1 });
	});

	it("retry it only if the caller asks for it, with a new deadline", async () => {
		const twice = { errors: ["REQUEST_TIMEOUT"], ran: 3 };
		await expect(callsReached(1, { retries: 2 })).resolves.toEqual(twice);
	});

	it("never reuse a node id", async () => {
		const brokers = await startBus([[], []]);
		expect(brokers[0]!.nodeID).not.toBe(brokers[1]!.nodeID);
		await stopBus(brokers);
	});
});

/** The names by which moleculer-runner overrides broker options (moleculer/src/runner.js, overwriteFromEnv). */
function overridingNames(options: object, prefix = ""): string[] {
	return Object.entries(options).flatMap(([key, value]) => {
		const name = `${prefix}${key}`.toUpperCase();
		const isPlain = value !== null && Object.getPrototypeOf(value ?? 0) === Object.prototype;
		return isPlain ? [name, ...overridingNames(value as object, `${prefix}${key}_`)] : [name];
	});
}

describe("the names of our environment variables", () => {
	it("are none that moleculer-runner treats as a broker option", () => {
		const theirs = new Set(overridingNames(ServiceBroker.defaultOptions));
		expect(theirs).toContain("NAMESPACE");
		expect(theirs).toContain("CIRCUITBREAKER_ENABLED");
		const clash = (name: string) => theirs.has(name) || name.startsWith("MOL_");
		expect(clash("REQUESTTIMEOUT")).toBe(true);
		expect(Object.keys(variables).filter(clash)).toEqual([]);
	});
});
