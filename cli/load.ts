import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative, resolve } from "node:path";
import { configOfCommand } from "../config/index.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { commandLine, knownWord, usageError } from "../launch/process/command-line.ts";
import { run, type Lifecycle } from "../launch/process/lifecycle.ts";
import { addressOfShop } from "../launch/shop/running-shop.ts";
import { machineLine } from "./load/machine.ts";
import { k6Program } from "./load/k6-program.ts";
import { loadReport, missedThresholds, type K6Summary } from "./load/k6-summary.ts";

const profiles = ["smoke", "load", "stress", "soak", "spike"] as const;
const usage = `Usage: npm run load [-- smoke|load|stress|soak|spike] [--duration 30s] [--url u] [--output f] [--publish]
Runs a load test of load-tests/k6 against a running shop, prints a summary and writes an HTML report.
  smoke           5 customers for 30 s (default)
  load            100 customers for 5 minutes
  stress          more and more orders a second, to 500, for 8 minutes
  soak            20 customers for an hour
  spike           200 customers want one product of which there are 100 units
  --duration d    of the main part, and of each part of stress: 30s, 5m
  --url u         where the shop is (default: the one that runs here, else HOST and PORT)
  --output f      folder of the report (default: .cache/load)
  --publish       writes the summary to docs/proof too
Goods and customers are made in the shop for each run, by the admin of ADMIN_EMAIL and ADMIN_PASSWORD (default: that
of the demo data); the goods are archived at the end. Not for a shop that sells: its orders are as real as others.
Exits 1 when a threshold is missed. k6 (1.0 or newer) is taken from PATH, or built once by Go.`;

const { values, positionals } = commandLine(
	usage,
	{
		duration: { type: "string" },
		url: { type: "string" },
		output: { type: "string" },
		publish: { type: "boolean" }
	},
	true
);
const profile = knownWord(usage, positionals.join(" ") || "smoke", profiles);
if (values.duration !== undefined && !/^[1-9]\d{0,4}[smh]$/.test(values.duration))
	usageError(usage, "--duration takes a time such as 30s, 5m or 1h");

const root = join(import.meta.dirname, "..");
const folder = values.output ? resolve(values.output) : join(root, ".cache/load");
const [html, json] = ["html", "json"].map(type => join(folder, `${profile}.${type}`)) as [
	string,
	string
];
const missedThreshold = 99;

/** @returns its exit code */
async function runK6(life: Lifecycle, program: string, url: string): Promise<number | null> {
	const args = ["run", "--no-usage-report", "--address", "", "--summary-export", json];
	const child = spawn(program, [...args, join("load-tests/k6", `${profile}.profile.ts`)], {
		cwd: root,
		stdio: ["ignore", "inherit", "inherit"],
		// Not of the group that a terminal signals: at a second SIGINT k6 would leave its goods in the shop.
		detached: true,
		env: {
			...process.env,
			SHOP_URL: url,
			...(values.duration && { DURATION: values.duration }),
			K6_WEB_DASHBOARD: "true",
			// It serves nothing: only the report is wanted.
			K6_WEB_DASHBOARD_PORT: "-1",
			K6_WEB_DASHBOARD_PERIOD: "1s",
			K6_WEB_DASHBOARD_EXPORT: html
		}
	});
	const closed = once(child, "close");
	// It then takes its goods out of the shop, and ends.
	life.atEnd(async () => {
		if (child.exitCode === null && child.kill("SIGINT")) await closed;
	});
	const [code] = (await closed) as [number | null];
	return code;
}

function publish(report: string, url: string): void {
	const text = `${report}\n${machineLine(url, cpus())}\n`;
	writeFileSync(join(root, "docs/proof", `load-${profile}.md`), text);
}

run(async life => {
	const url = addressOfShop(values.url, configOfCommand({ runsServices: false }));
	const program = await k6Program(step => console.error(step));
	mkdirSync(folder, { recursive: true });
	for (const file of [html, json]) rmSync(file, { force: true });
	const code = await runK6(life, program, url);
	if (life.ending) return;
	if (!existsSync(json) || (code !== 0 && code !== missedThreshold))
		throw new LaunchError(`k6 ended with ${code}: see above.`);
	const summary = JSON.parse(readFileSync(json, "utf8")) as K6Summary;
	const report = loadReport(profile, summary);
	if (values.publish) publish(report, url);
	console.log(existsSync(html) ? `${report}Report: ${relative(process.cwd(), html)}` : report);
	await life.end(missedThresholds(summary).length === 0 && code === 0 ? 0 : 1);
});
