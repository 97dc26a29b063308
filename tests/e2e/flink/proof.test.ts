import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectedResults } from "../../support/flink/expected-windows.ts";
import { flinkVersion } from "../../support/flink/flink-jars.ts";
import { compileJob, flinkFolder } from "../../support/flink/flink-job.ts";
import { eventOf, runJob, type JobRun } from "../../support/flink/job-run.ts";
import { finding, plantedFaults } from "../../support/flink/planted-faults.ts";
import { readRecording } from "../../support/flink/recorded-orders.ts";

/**
 * `FLINK_PROOF=1 npx jest tests/e2e/flink/proof --selectProjects system` writes docs/proof/flink-windows.md: runs of the job
 * on the recording, as it is and with planted faults. It takes seven minutes, so npm test only compares the page with the
 * recording and the list of faults.
 */
const isWritten = Boolean(process.env.FLINK_PROOF);

const recording = readRecording();
const expected = expectedResults(recording);
const page = join(import.meta.dirname, "../../../docs/proof/flink-windows.md");

const labelled = (label: string) => recording.filter(each => each.label === label).length;
const seconds = (ms: number) => (ms / 1000).toFixed(1);

function delayed(from: number, to: number): number {
	return recording.filter(({ at, label, value }) => {
		if (label !== "event") return false;
		const delay = at - Date.parse((JSON.parse(value!) as { time: string }).time);
		return delay >= from && delay < to;
	}).length;
}

function row(name: string, run: JobRun): string {
	const found = finding(run, expected);
	const starts = run.output.match(/^(continues from|begins without)/gm)!.length;
	const final = new Set(
		run.windows.filter(message => eventOf(message).data.final).map(({ key }) => String(key))
	);
	return `| ${name} | ${starts - 1} | ${run.windows.length} | ${final.size} | ${run.late.length} | ${seconds(run.tookMs)} s | ${found ?? "all equal"} |`;
}

const writes = () =>
	it("sees that nothing is wrong, and each planted fault", async () => {
		const classPath = await compileJob();
		const rows: string[] = [];
		for (const kills of [false, true]) {
			const run = await runJob({ classPath, kills });
			expect(finding(run, expected)).toBeUndefined();
			rows.push(row(kills ? "as it is, killed twice" : "as it is", run));
		}
		for (const { name, sql, java, options } of plantedFaults) {
			const run = await runJob({
				classPath: java ? await compileJob(java) : classPath,
				...(sql && { edit: sql }),
				...options
			});
			expect([name, finding(run, expected)]).not.toEqual([name, undefined]);
			rows.push(row(name, run));
		}
		writeFileSync(page, text(rows));
	}, 1_200_000);

const compares = () =>
	it("is of this recording, this Flink and these faults", () => {
		const written = readFileSync(page, "utf8");
		const [names, rest] = [
			written.match(/^\| [^|]+ \|(?= \d+ \| \d+ \|)/gm),
			written.split("| Job |")[0]!
		];
		expect(names).toEqual(
			["as it is", "as it is, killed twice", ...plantedFaults.map(({ name }) => name)].map(
				name => `| ${name} |`
			)
		);
		expect(
			text([])
				.split("| Job |")[0]!
				.replace(/ on \d{4}-\d\d-\d\d:/, "")
		).toBe(rest.replace(/ on \d{4}-\d\d-\d\d:/, ""));
	});

describe("the proof of the Flink job", isWritten ? writes : compares);

const hour = 3_600_000;

/** Of what decides about the figures: comments do not. */
function checksum(): string {
	const files = globSync(["job.sql", "src/main/java/**/*.java"], { cwd: flinkFolder }).sort();
	const lines = files.flatMap(file => readFileSync(join(flinkFolder, file), "utf8").split("\n"));
	const code = lines.map(line => line.trim()).filter(line => !/^(--|\/\/|\/\*|\*)/.test(line));
	return createHash("sha256").update(code.join("\n")).digest("hex").slice(0, 16);
}

const text = (rows: readonly string[]) => `# Windows by Flink, compared

Written by \`FLINK_PROOF=1 npx jest tests/e2e/flink/proof --selectProjects system\` on ${new Date().toISOString().slice(0, 10)}: Flink ${flinkVersion} in
its local cluster, Java ${process.env.JAVA_VERSION ?? "17"}, a Kafka broker, one machine with two cores. The messages are those of
\`tests/support/flink/orders.jsonl\`. The job is that with the checksum \`${checksum()}\` (job.sql and the sources, without comments).

| Messages | |
| --- | --- |
| in the topic | ${recording.length} |
| events, each once | ${labelled("event")} |
| late by 5 s to 1 min | ${delayed(5000, 60_000)} |
| late by 1 min to 1 h | ${delayed(60_000, hour)} |
| late by 1 h to 24 h | ${delayed(hour, 24 * hour)} |
| late by more, published on \`analytics-late\` | ${expected.late.length} |
| duplicates | ${labelled("duplicate")} |
| no valid events | ${labelled("poison")} |
| windows expected, equal to those of services/analytics | ${Object.keys(expected.windows).length} |

Compared are orders, revenue, users and average of the last message of each window, that no revision falls, and the ids of the late
events. "Took" is from the start of Java to the last message.

| Job | Kills | Messages of windows | Final windows | Late messages | Took | Found |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
