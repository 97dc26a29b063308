import { ServiceBroker } from "moleculer";
import { useConfig, toConfig } from "../config/index.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { Stream, type WithStream } from "./stream.mixin.ts";

/** A node whose settings name Kafka. */

const refused = new Error("connect ECONNREFUSED");
let answers: (Error | string | undefined)[];
let exit: jest.SpyInstance;
let fatal: jest.Mock;
let broker: ServiceBroker;

/** @param given by the database, one after the other; the last one stays */
async function start(...given: typeof answers): Promise<WithStream> {
	answers = given;
	broker = new ServiceBroker({ logger: false });
	const query = async () => {
		const answer = answers.length > 1 ? answers.shift() : answers[0];
		if (answer instanceof Error) throw answer;
		return answer ? [{ kind: answer }] : [];
	};
	const service = broker.createService({
		name: "reader",
		mixins: [Stream()],
		created(this: WithStream) {
			this.pg = { query } as unknown as WithStream["pg"];
		}
	}) as WithStream;
	fatal = jest.spyOn(broker.logger, "fatal").mockImplementation() as unknown as jest.Mock;
	await broker.start();
	return service;
}

beforeEach(() => {
	useConfig(toConfig(readEnvironment({ NODE_ENV: "test", KAFKA_BROKERS: "127.0.0.1:1" })));
	exit = jest.spyOn(process, "exit").mockImplementation((() => {
		throw new Error("ended");
	}) as never);
});

afterEach(async () => {
	exit.mockRestore();
	await broker.stop();
});

it("goes on where the shop uses Kafka", async () => {
	const service = await start("kafka");
	await service.checkLog();
	expect(exit).not.toHaveBeenCalled();
});

it("is ended where the shop uses the log in Postgres, with the reason", async () => {
	const service = await start("postgres");
	await expect(service.createTopics()).rejects.toThrow("ended");
	expect(exit).toHaveBeenCalledWith(78);
	expect(fatal).toHaveBeenCalledWith(expect.stringMatching(/^The events of this shop are in/));
});

it("starts while the database is down, and is ended once that says so", async () => {
	const service = await start(refused, refused, "postgres");
	expect(exit).not.toHaveBeenCalled();
	await expect(service.createTopics()).rejects.toThrow("ECONNREFUSED");
	expect(exit).not.toHaveBeenCalled();
	await expect(service.createTopics()).rejects.toThrow("ended");
});

it("uses the log that another service claims at the same time, without an error", async () => {
	// It is asked for at the start, before the topics are created, by the claim, and after that.
	const service = await start(undefined, undefined, undefined, "kafka");
	service.stream.createTopics = async () => undefined;
	await service.createTopics();
	expect(service.isOwnLog).toBe(true);
});

it("records its first use once the log has answered", async () => {
	const service = await start(undefined);
	const asked: string[] = [];
	const { query } = service.pg;
	service.pg.query = (statement => (asked.push(statement.name), query(statement))) as typeof query;
	let isDown = true;
	service.stream.createTopics = async () => {
		if (isDown) throw new Error("no broker");
	};
	await expect(service.createTopics()).rejects.toThrow("no broker");
	expect(asked).not.toContain("streams.claim_event_log");
	isDown = false;
	await expect(service.createTopics()).rejects.toThrow("not known yet");
	expect(asked).toContain("streams.claim_event_log");
	answers = ["kafka"];
	await service.createTopics();
	expect(service.isOwnLog).toBe(true);
});
