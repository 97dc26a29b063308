import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../../launch/process/free-port.ts";
import { motoProgram } from "../../../cli/test/requirements.ts";
import { until } from "../until.ts";

const execute = promisify(execFile);
const wanted = "moto[server]==5.2.1";
const cache = dirname(dirname(motoProgram));

/** Of its own: a first installation takes about a minute. */
export const installWithinMs = 300_000;

/** The path of moto's server: the one of this machine, else one that pip puts into the cache. */
async function motoServer(): Promise<string> {
	const here = await execute("moto_server", ["--help"]).then(
		() => true,
		() => false
	);
	if (here) return "moto_server";
	const program = motoProgram;
	if (existsSync(program)) return program;
	const folder = `${cache}-${process.pid}`;
	mkdirSync(folder, { recursive: true });
	try {
		await execute("python3", ["-m", "venv", folder]);
		const pip = join(folder, "bin/pip");
		await execute(pip, ["install", "-q", wanted], { timeout: installWithinMs });
		rmSync(cache, { recursive: true, force: true });
		renameSync(folder, cache);
	} catch (error) {
		rmSync(folder, { recursive: true, force: true });
		throw new Error(`AWS is simulated by ${wanted} from PyPI: install it, or Python with venv`, {
			cause: error
		});
	}
	return program;
}

export interface Moto {
	/** Environment variables for the AWS SDK: the endpoint of all services. */
	readonly client: {
		endpoint: string;
		region: string;
		credentials: { accessKeyId: string; secretAccessKey: string };
		maxAttempts: number;
	};
	/** State of the simulated services, e.g. `data("sns")`. */
	data(service: string): Promise<Record<string, unknown>>;
	stop(): Promise<void>;
}

/** A process that simulates AWS. */
export async function startMoto(): Promise<Moto> {
	const program = await motoServer();
	const port = await freePort();
	const endpoint = `http://127.0.0.1:${port}`;
	// A venv that was moved is run by its own Python, not by the path in its scripts.
	const [command, ...args] = program.startsWith("/")
		? [join(cache, "bin/python3"), "-m", "moto.server"]
		: [program];
	const child = spawn(command!, [...args, "-H", "127.0.0.1", "-p", String(port)]);
	const exit = once(child, "exit");
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	const answers = () =>
		fetch(`${endpoint}/moto-api/`).then(
			({ ok }) => ok,
			() => false
		);
	await until(async () => child.exitCode !== null || (await answers()), 60_000);
	if (child.exitCode !== null) throw new Error(`moto ended:\n${output}`);
	const credentials = { accessKeyId: "test", secretAccessKey: "test" };
	return {
		client: { endpoint, region: "eu-central-1", credentials, maxAttempts: 1 },
		async data(service) {
			const response = await fetch(`${endpoint}/moto-api/data.json`);
			return ((await response.json()) as Record<string, Record<string, unknown>>)[service] ?? {};
		},
		async stop() {
			child.kill();
			await exit;
		}
	};
}
