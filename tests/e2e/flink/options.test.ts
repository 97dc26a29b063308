import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describeWith } from "../../support/describe-with.ts";
import { compileJob, flinkFolder } from "../../support/flink/flink-job.ts";

describeWith("java", "javac")("the options of the Flink job", () => {
	let classPath: string;
	beforeAll(async () => {
		classPath = await compileJob();
	}, 180_000);

	const sql = join(flinkFolder, "job.sql");
	const required = ["--sql", sql, "--brokers", "kafka:9092", "--checkpoints", "/tmp/none"];
	const notOne = (value: string) => `${value} is none.`;

	it.each<[options: string[], sentence: string]>([
		[["--sql", "job.sql"], "The option --brokers is required."],
		[["--sql"], "The option --sql needs a value."],
		[[...required, "--force", "yes"], "There is no option --force."],
		[[...required, "--sql", "/tmp/none/job.sql"], "The file /tmp/none/job.sql cannot be read:"],
		[
			[...required, "--kafka-properties", "/tmp/none/client.properties"],
			"The file /tmp/none/client.properties cannot be read:"
		],
		[
			[...required, "--brokers", "kafka"],
			"Kafka does not take the settings of the job: Invalid url"
		],
		[[...required, "--checkpoints", "gs:bucket"], "--checkpoints is a folder, like gs://"],
		[[...required, "--checkpoint-interval", "soon"], `is a duration, like 5 s: ${notOne("soon")}`],
		...["1 ms", "0 s", "1 h"].map((interval): [string[], string] => [
			[...required, "--checkpoint-interval", interval],
			`--checkpoint-interval is from 1 s to 10 min: ${interval} is not.`
		]),
		[
			[...required, "--state-ttl", "long"],
			`--state-ttl is a duration, like 8 d: ${notOne("long")}`
		],
		[[...required, "--state-ttl", "8"], "--state-ttl is at least 2 d, because"],
		[[...required, "--state-ttl", "47 h"], "--state-ttl is at least 2 d, because"],
		[[...required, "--state-ttl", "367 d"], "--state-ttl is at most 366 d: 367 d is too long."],
		...["0", "-1", "two", "1.5", "129", "99999999999", ""].map((count): [string[], string] => [
			[...required, "--parallelism", count],
			`--parallelism is a number from 1 to 128: ${notOne(count)}`
		]),
		[[...required, "--state-backend", "rocks"], "--state-backend is hashmap or rocksdb, not rocks."]
	])(
		"%j are refused: %s",
		(options, sentence) => {
			const { status, stderr } = spawnSync(
				"java",
				["-cp", classPath, "shop.analytics.SqlRunner", ...options],
				{ encoding: "utf8" }
			);
			expect(stderr).toContain(sentence);
			expect(status).toBe(78);
		},
		60_000
	);
});
