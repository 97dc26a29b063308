import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { commandLine } from "../launch/process/command-line.ts";
import { bundleFunction } from "./lambda-bundle.ts";
import { coldStartMs } from "./lambda-cold-start.ts";

const root = join(import.meta.dirname, "..");

/** lambda/template.yaml and terraform/aws read it there. */
const defaultOutput = "lambda/dist/notification.zip";

const usage = `Usage: npm run build:lambda [-- --output <file>]
Bundles the notification service as a function of AWS Lambda, and prints its size and how long it takes to load.
  --output <file>   default ${defaultOutput}`;

const { values } = commandLine(usage, { output: { type: "string" } });

const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;

async function main(): Promise<void> {
	const output = values.output ?? join(root, defaultOutput);
	const { code, zip, packages } = await bundleFunction();
	mkdirSync(dirname(output), { recursive: true });
	writeFileSync(output, zip);
	console.log(`wrote ${relative(process.cwd(), output)}: ${kib(zip.length)}`);
	const largest = packages.slice(0, 5).map(([name, bytes]) => `${name} ${kib(bytes)}`);
	console.log(`module of ${kib(code.length)}: ${largest.join(", ")}, …`);
	const times = await coldStartMs(code);
	console.log(`loads in ${times.join(", ")} ms (new processes on this machine, without AWS)`);
}

void main();
