import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { flinkClassPath } from "./flink-jars.ts";

const execute = promisify(execFile);

export const flinkFolder = join(import.meta.dirname, "../../../analytics/flink-job");
const sources = join(flinkFolder, "src/main");
/** Small and quick to start rather than fast. */
const java = ["-Xmx320m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
/** Flink's own log says nothing below a warning. */
const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";

export type Edit = (text: string) => string;

const unchanged: Edit = text => text;

/** Where no locale is set, as in a container: sources and messages are UTF-8 there too. */
const withoutLocale = { ...process.env, LC_ALL: "C" };

/** Compiles the job as Maven does, and returns Java's class path of it. @param edit changes the sources: a planted fault */
export async function compileJob(edit: Edit = unchanged): Promise<string> {
	const libraries = await flinkClassPath();
	const [classes, edited] = [temporaryFolder(), temporaryFolder()];
	cpSync(join(sources, "resources"), classes, { recursive: true });
	let isEdited = false;
	const files = globSync("java/**/*.java", { cwd: sources }).map(file => {
		const copy = join(edited, basename(file));
		const text = readFileSync(join(sources, file), "utf8");
		isEdited ||= edit(text) !== text;
		writeFileSync(copy, edit(text));
		return copy;
	});
	if (edit !== unchanged && !isEdited) throw new Error("the fault changes no source");
	await javac(libraries, classes, files);
	return `${classes}:${libraries}`;
}

async function javac(classPath: string, into: string, files: readonly string[]): Promise<void> {
	const lint = ["-Xlint:all,-serial,-processing,-classfile,-try", "-Werror"];
	await execute(
		"javac",
		[...lint, "-encoding", "UTF-8", "--release", "17", "-cp", classPath, "-d", into, ...files],
		{ env: withoutLocale }
	);
}

/** With JobClasses.java, which is of the package of the job. */
export async function compileJobClasses(): Promise<string> {
	const [job, own] = [await compileJob(), temporaryFolder()];
	await javac(job, own, [join(import.meta.dirname, "JobClasses.java")]);
	return `${own}:${job}`;
}

/** Returns what it prints, by line. @param words its arguments */
export async function runJobClasses(
	classPath: string,
	words: readonly string[],
	input: readonly string[] = []
) {
	const args = [...java, "-cp", classPath, quiet, "shop.analytics.JobClasses", ...words];
	const running = execute("java", args, { env: withoutLocale });
	running.child.stdin!.end(input.map(line => `${line}\n`).join(""));
	return (await running).stdout.trim().split("\n");
}

export interface FlinkJobOptions {
	classPath: string;
	brokers: string;
	/** Changes job.sql: a planted fault. */
	edit?: Edit;
	arguments?: readonly string[];
	/** Of Java. */
	properties?: Readonly<Record<string, string>>;
}

/** The job in Flink's local cluster: one process, with a folder of checkpoints that outlives it. */
export class FlinkJob {
	readonly #options: FlinkJobOptions;
	readonly #folder = temporaryFolder();
	readonly #log = join(this.#folder, "flink.log");
	#child: ChildProcess | undefined;

	constructor(options: FlinkJobOptions) {
		this.#options = options;
		const sql = readFileSync(join(flinkFolder, "job.sql"), "utf8");
		if (options.edit?.(sql) === sql) throw new Error("the fault changes no SQL");
		writeFileSync(join(this.#folder, "job.sql"), options.edit?.(sql) ?? sql);
	}

	start(): void {
		const { classPath, brokers, arguments: more = [], properties = {} } = this.#options;
		const given = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
		const output = openSync(this.#log, "a");
		const main = ["-cp", classPath, quiet, "shop.analytics.SqlRunner"];
		const own = ["--sql", join(this.#folder, "job.sql"), "--brokers", brokers];
		const kept = ["--checkpoints", this.checkpoints, "--checkpoint-interval", "1 s"];
		this.#child = spawn("java", [...java, ...given, ...main, ...own, ...kept, ...more], {
			stdio: ["ignore", output, output],
			env: withoutLocale
		});
	}

	get checkpoints(): string {
		return join(this.#folder, "checkpoints");
	}

	/** Complete ones that are kept. */
	countCheckpoints(): number {
		return globSync("*/*/chk-*/_metadata", { cwd: this.checkpoints }).length;
	}

	get isRunning(): boolean {
		return this.#child?.exitCode === null && this.#child.signalCode === null;
	}

	/** Resolves with its exit code when it has ended by itself. */
	async ended(): Promise<number | null> {
		if (this.isRunning) await once(this.#child!, "exit");
		return this.#child!.exitCode;
	}

	/** SIGKILL. */
	async kill(): Promise<void> {
		if (!this.isRunning) return;
		this.#child!.kill("SIGKILL");
		await once(this.#child!, "exit");
	}

	/** SIGSTOP: it is there and does nothing. */
	pause(): void {
		this.#child!.kill("SIGSTOP");
	}

	resume(): void {
		this.#child!.kill("SIGCONT");
	}

	output(): string {
		return readFileSync(this.#log, "utf8");
	}
}
