import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith } from "../../support/describe-with.ts";
import { flinkFolder } from "../../support/flink/flink-job.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const script = join(flinkFolder, "submit.sh");
const secret = "projects/p/secrets/kafka/versions/latest";
const settings = {
	BUCKET: "shop-flink",
	CLUSTER: "analytics",
	REGION: "europe-west1",
	PROJECT: "shop",
	KAFKA_BROKERS: "b-1:9096,b-2:9096"
};

interface Submitted {
	code: number | null;
	stderr: string;
	/** The arguments of each call of gcloud. */
	calls: string[][];
}

/** Runs a copy of the script beside a jar, with a gcloud that only writes down how it was called. */
function submit(env: Record<string, string>, args: string[] = [], hasJar = true): Submitted {
	const folder = temporaryFolder();
	const calls = join(folder, "calls");
	cpSync(script, join(folder, "submit.sh"));
	mkdirSync(join(folder, "target"));
	if (hasJar) writeFileSync(join(folder, "target/flink-job-cluster.jar"), "");
	const gcloud = join(folder, "gcloud");
	writeFileSync(
		gcloud,
		`#!/usr/bin/env node
require("fs").appendFileSync(${JSON.stringify(calls)}, JSON.stringify(process.argv.slice(2)) + "\\n");`
	);
	chmodSync(gcloud, 0o755);
	writeFileSync(calls, "");
	const PATH = `${folder}:${process.env.PATH}`;
	const { status, stderr } = spawnSync("bash", [join(folder, "submit.sh"), ...args], {
		env: { PATH, ...env },
		encoding: "utf8"
	});
	const lines = readFileSync(calls, "utf8").split("\n").filter(Boolean);
	const local = (arg: string) => arg.replace(`${folder}/`, "");
	return {
		code: status,
		stderr,
		calls: lines.map(line => (JSON.parse(line) as string[]).map(local))
	};
}

const upload = [
	"storage",
	"cp",
	"target/flink-job-cluster.jar",
	"job.sql",
	"gs://shop-flink/flink-job/",
	"--project=shop"
];
const job = [
	"dataproc",
	"jobs",
	"submit",
	"flink",
	"--async",
	"--cluster=analytics",
	"--region=europe-west1",
	"--project=shop",
	"--class=shop.analytics.SqlRunner",
	"--jars=gs://shop-flink/flink-job/flink-job-cluster.jar",
	"--",
	"--sql",
	"gs://shop-flink/flink-job/job.sql",
	"--brokers",
	"b-1:9096,b-2:9096",
	"--checkpoints",
	"gs://shop-flink/flink-job/checkpoints",
	"--state-backend",
	"rocksdb"
];

describe("submit.sh", () => {
	it("uploads the job and submits it", () => {
		const { code, calls } = submit(settings);
		expect(code).toBe(0);
		expect(calls).toEqual([upload, [...job, "--parallelism", "1", "--state-ttl", "8 d"]]);
	});

	it("passes on what is set, and of Kafka's login only where it is", () => {
		const given = { PARALLELISM: "4", STATE_TTL: "15 d", KAFKA_PROPERTIES: secret };
		const { calls } = submit({ ...settings, ...given });
		const more = ["--parallelism", "4", "--state-ttl", "15 d", "--kafka-properties", secret];
		expect(calls).toEqual([upload, [...job, ...more]]);
	});

	it("keeps checkpoints where they are to be kept", () => {
		const CHECKPOINTS = "gs://shop-checkpoints/windows";
		const [, submitted] = submit({ ...settings, CHECKPOINTS }).calls;
		expect(submitted![submitted!.indexOf("--checkpoints") + 1]).toBe(CHECKPOINTS);
	});

	it.each(Object.keys(settings))("does nothing without %s", name => {
		const { code, stderr, calls } = submit({ ...settings, [name]: "" });
		expect({ code, calls }).toEqual({ code: 64, calls: [] });
		expect(stderr).toBe(`${name} is not set: ./submit.sh --help says what it is.\n`);
	});

	it.each<[string, Record<string, string>, string[], boolean, RegExp]>([
		["checkpoints on a disk", { CHECKPOINTS: "/tmp" }, [], true, /^CHECKPOINTS is a folder/],
		["a bucket that is a URL", { BUCKET: "gs://shop-flink" }, [], true, /^BUCKET is a name/],
		[
			"a login as an argument",
			{ KAFKA_PROPERTIES: 'sasl.jaas.config=… password="secret";' },
			[],
			true,
			/^KAFKA_PROPERTIES names a secret/
		],
		["an unknown option", {}, ["--force"], true, /^There is no option --force/],
		["two options", {}, ["--dry-run", "x"], true, /^There is no option x/],
		["no jar", {}, [], false, /flink-job-cluster\.jar is missing: run mvn package in/]
	])("refuses %s", (_, env, args, hasJar, sentence) => {
		const { code, stderr, calls } = submit({ ...settings, ...env }, args, hasJar);
		expect({ code, calls }).toEqual({ code: 64, calls: [] });
		expect(stderr).toMatch(sentence);
	});

	it("calls nothing with --dry-run", () => {
		expect(submit(settings, ["--dry-run"], false)).toMatchObject({ code: 0, calls: [] });
	});

	it.each<[string, string[], object]>([
		[
			"prints the commands with --dry-run",
			["--dry-run"],
			{
				status: 0,
				stdout: expect.stringMatching(
					/^gcloud storage cp .*\ngcloud dataproc jobs submit flink .*\n$/
				)
			}
		],
		["submits nothing", [], { status: 64, stderr: expect.stringMatching(/^gcloud is missing: /) }]
	])("%s without gcloud", (_, args, expected) => {
		const folder = temporaryFolder();
		cpSync(script, join(folder, "submit.sh"));
		if (args.length === 0) {
			mkdirSync(join(folder, "target"));
			writeFileSync(join(folder, "target/flink-job-cluster.jar"), "");
		}
		const [bash, dirname] = ["bash", "dirname"].map(name =>
			spawnSync("which", [name], { encoding: "utf8" }).stdout.trim()
		);
		symlinkSync(dirname!, join(folder, "dirname"));
		const env = { PATH: folder, ...settings };
		const ended = spawnSync(bash!, [join(folder, "submit.sh"), ...args], { env, encoding: "utf8" });
		expect(ended).toMatchObject(expected);
	});
});

describeWith("shellcheck")("submit.sh, for shellcheck", () => {
	it("has no fault", () => {
		const { status, stdout } = spawnSync("shellcheck", [script], { encoding: "utf8" });
		expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
	});
});

const hasGcloud = spawnSync("which", ["gcloud"]).status === 0;

/** The real one parses before it looks for an account: 2 is a usage error, 1 the account that is missing. */
(hasGcloud ? describe : describe.skip)("the arguments, for the real gcloud", () => {
	const gcloud = (args: readonly string[]) =>
		spawnSync("gcloud", args, {
			env: {
				PATH: process.env.PATH,
				CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
				CLOUDSDK_CONFIG: temporaryFolder()
			},
			encoding: "utf8",
			timeout: 60_000
		});

	it.each([
		["uploading", upload],
		["submitting", [...job, "--parallelism", "1"]]
	])(
		"are understood: %s",
		(_, args) => {
			const { status, stderr } = gcloud(args);
			expect(stderr).toContain("You do not currently have an active account");
			expect(status).toBe(1);
		},
		90_000
	);

	it("are not understood with a flag that there is not", () => {
		expect(gcloud(["dataproc", "jobs", "submit", "flink", "--sql=x"]).status).toBe(2);
	}, 90_000);
});
