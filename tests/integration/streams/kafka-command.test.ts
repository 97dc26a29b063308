import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describeKafka, fetchKafka, kafkaWithinMs } from "../../support/servers/kafka.ts";
import { launch, run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

jest.setTimeout(kafkaWithinMs);

/** Runs `npm run kafka` until it is ready; returns its address, and its exit code once it was stopped. */
async function start(dataDir: string) {
	const { child, output } = launch("kafka.ts", [], { DATA_DIR: dataDir });
	const exit = new Promise<number | null>(resolve => child.once("exit", resolve));
	await until(() => output().includes("start the shop with") || child.exitCode !== null, 120_000);
	return {
		brokers: /start the shop with: KAFKA_BROKERS=(\S+) npm start/.exec(output())?.[1],
		async stop() {
			child.kill();
			return exit;
		}
	};
}

describeKafka("npm run kafka", () => {
	beforeAll(fetchKafka);

	it("runs one broker for a folder, at the same address as before", async () => {
		const dataDir = temporaryFolder();
		const first = await start(dataDir);
		expect(first.brokers).toMatch(/^127\.0\.0\.1:\d+$/);
		const other = await run("kafka.ts", [], { DATA_DIR: dataDir });
		expect(other.output).toMatch(/^A Kafka broker already runs on .*: stop it first/);
		expect(other.code).toBe(1);
		const brokers = { DATA_DIR: temporaryFolder(), KAFKA_BROKERS: first.brokers! };
		const named = await run("kafka.ts", [], brokers);
		expect(named.output).toContain(`ready: Kafka answers at ${first.brokers}`);
		expect(named.code).toBe(0);
		expect(readdirSync(brokers.DATA_DIR)).toEqual([]);
		const consumed = await run("kafka.ts", ["consume", "order"], { DATA_DIR: dataDir });
		expect(consumed.output).toContain(`There is no topic order at ${first.brokers}: it has none`);
		expect(consumed.code).toBe(1);
		expect(await first.stop()).toBe(0);
		const second = await start(dataDir);
		expect(second.brokers).toBe(first.brokers);
		expect(await second.stop()).toBe(0);
	});
});

describe("npm run kafka, when it cannot run", () => {
	const withoutJava = temporaryFolder();
	symlinkSync(process.execPath, join(withoutJava, "node"));

	it.each([
		[{ PATH: withoutJava }, [], 1, /^A Kafka broker needs Java 17 or newer and there is no Java/],
		[{}, ["consume", "orders"], 1, /^No Kafka was started here: run npm run kafka, or set/],
		[{}, ["consume"], 64, /^consume wants the name of one topic, .*\nUsage: npm run kafka/],
		[{}, ["consum", "orders"], 64, /^consum is not known: it is consume\.\nUsage: npm run kafka/],
		[{}, ["consume", "orders", "--max", "all"], 64, /^--max wants a number/],
		[{ KAFKA_BROKERS: "here" }, [], 78, /KAFKA_BROKERS: "here" must be host:port/],
		[
			{ KAFKA_BROKERS: "127.0.0.1:1" },
			[],
			1,
			/^No Kafka answers at 127\.0\.0\.1:1 \(KAFKA_BROKERS\)/
		],
		[{ KAFKA_BROKERS: "127.0.0.1:1" }, ["--fresh"], 1, /^--fresh is for a broker that is run here/]
	])("says what to do: %j %j", async (env, args, code, words) => {
		const ended = await run("kafka.ts", args, { DATA_DIR: temporaryFolder(), ...env });
		expect(ended.output).toMatch(words);
		expect(ended.code).toBe(code);
	});
});
