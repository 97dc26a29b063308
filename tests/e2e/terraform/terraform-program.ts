import { spawn } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../cli/test/requirements.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const top = join(import.meta.dirname, "../../../terraform");

const plugins = join(cacheFolder, "terraform");

/** A copy of terraform/, because Terraform writes beside what it reads. */
export function copyOfAll(): string {
	const folder = temporaryFolder();
	cpSync(top, folder, {
		recursive: true,
		filter: path => !/\.terraform|\.tfvars$|\.tfstate/.test(path)
	});
	return folder;
}

export interface Ended {
	status: number | null;
	/** What it printed, errors included. */
	text: string;
}

/** Runs a script of the shell with `terraform` in a copy. TERRAFORM_WRAPPER goes before it where no registry answers. */
export async function terraform(folder: string, script: string): Promise<Ended> {
	mkdirSync(plugins, { recursive: true });
	const wrapper = (process.env.TERRAFORM_WRAPPER ?? "").split(" ").filter(Boolean);
	const [program, ...args] = [...wrapper, "sh", "-c", script];
	const child = spawn(program!, args, {
		cwd: folder,
		env: {
			...process.env,
			CHECKPOINT_DISABLE: "1",
			TF_IN_AUTOMATION: "1",
			TF_PLUGIN_CACHE_DIR: plugins,
			TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "1",
			// The provider of AWS looks for some before it knows that it is mocked.
			AWS_ACCESS_KEY_ID: "none",
			AWS_SECRET_ACCESS_KEY: "none",
			TERRAFORM_TYPES_OF: folder
		}
	});
	let text = "";
	for (const stream of [child.stdout, child.stderr]) stream.on("data", part => (text += part));
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", status => resolve({ status, text }));
	});
}

/** Runs as many jobs at one time as this machine has processors for, and keeps their order. */
export async function inPool<T, R>(
	jobs: readonly T[],
	run: (job: T) => Promise<R>,
	atOnce = 2
): Promise<R[]> {
	const results = new Array<R>(jobs.length);
	let next = 0;
	const work = async () => {
		while (next < jobs.length) {
			const index = next++;
			results[index] = await run(jobs[index]!);
		}
	};
	await Promise.all(Array.from({ length: atOnce }, work));
	return results;
}
