import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** The commands and programs of docs/clients.md, run as they are written but for the URL of the shop. */

const execute = promisify(execFile);
const page = readFileSync(join(import.meta.dirname, "../../../docs/clients.md"), "utf8");

/** The block of code after these words. @throws Error when there is none */
export function blockOf(fence: string): string {
	const [, block] = page.split(`\n\`\`\`${fence}\n`);
	if (block === undefined) throw new Error(`docs/clients.md has no block of ${fence}`);
	return block.split("\n```")[0]!;
}

interface Run {
	/** Of the block of commands and of that of the program. */
	commands: string;
	program: { fence: string; file: string };
	folder: string;
	shopUrl: string;
	env?: Record<string, string>;
}

/** What the commands print, warnings last. @throws Error when one of them fails, with its output */
export async function runPage({ commands, program, folder, shopUrl, env }: Run): Promise<string> {
	const forShop = (text: string) => text.replaceAll("http://localhost:8080", shopUrl);
	writeFileSync(join(folder, program.file), `${forShop(blockOf(program.fence))}\n`);
	const { stdout, stderr } = await execute("sh", ["-e", "-c", forShop(blockOf(commands))], {
		cwd: folder,
		env: { ...process.env, ...env },
		maxBuffer: 16_000_000
	});
	return `${stdout}${stderr}`;
}

/** What both programs print at the end. */
export const printed = [
	/^5 products, the first is \w/m,
	/^one order for one key: true$/im,
	/^the order costs 5998 USD$/m,
	/^422 validation-failed at \/items$/m
];
