import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../../launch/process/free-port.ts";
import { until } from "../until.ts";
import { pythonVenv } from "../python-venv.ts";

const execute = promisify(execFile);
const wanted = "moto[server]==5.2.1";

/** The path of moto's server of this machine, else of a Python in the cache that has it. */
async function motoServer(): Promise<string> {
	const here = await execute("moto_server", ["--help"]).then(
		() => true,
		() => false
	);
	if (here) return "moto_server";
	return join(await pythonVenv("moto", wanted), "bin/python3");
}

/** A Python that has moto, and so boto3. */
async function motoPython(): Promise<string> {
	const here = await execute("python3", ["-c", "import boto3"]).then(
		() => true,
		() => false
	);
	return here ? "python3" : join(await pythonVenv("moto", wanted), "bin/python3");
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
	/** Runs a command of Python as in the container of moto. @throws with its output */
	python(args: string[], env: Record<string, string>): Promise<unknown>;
	stop(): Promise<void>;
}

/** A process that simulates AWS. */
export async function startMoto(): Promise<Moto> {
	const program = await motoServer();
	const port = await freePort();
	const endpoint = `http://127.0.0.1:${port}`;
	const args = program.endsWith("python3") ? ["-m", "moto.server"] : [];
	const child = spawn(program, [...args, "-H", "127.0.0.1", "-p", String(port)]);
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
		async python(args, env) {
			const { PATH = "", HOME = "" } = process.env;
			return execute(await motoPython(), args, { env: { PATH, HOME, ...env } });
		},
		async stop() {
			child.kill();
			await exit;
		}
	};
}
