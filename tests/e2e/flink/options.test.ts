import { spawnSync } from "node:child_process";
import { describeWith } from "../../support/describe-with.ts";
import { compileJob } from "../../support/flink/flink-job.ts";

describeWith("java", "javac")("the options of the Flink job", () => {
	let classPath: string;
	beforeAll(async () => {
		classPath = await compileJob();
	}, 180_000);

	const required = ["--sql", "job.sql", "--brokers", "kafka:9092", "--checkpoints", "/tmp/none"];

	it.each([
		[["--sql", "job.sql"], "The option --brokers is required."],
		[["--sql"], "The option --sql needs a value."],
		[[...required, "--force", "yes"], "There is no option --force."],
		[
			[...required, "--checkpoint-interval", "soon"],
			"--checkpoint-interval is a duration, like 5 s:"
		],
		[[...required, "--state-ttl", "long"], "--state-ttl is a duration, like 8 d: long is none."],
		[[...required, "--state-ttl", "8"], "--state-ttl is at least 2 d, because"],
		[[...required, "--state-ttl", "47 h"], "--state-ttl is at least 2 d, because"]
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
