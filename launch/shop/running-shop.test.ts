import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataFolder } from "./data-folder.ts";
import { addressOfShop, whyAway, type RunningShop } from "./running-shop.ts";

const shop: RunningShop = {
	command: "dev",
	pid: 77,
	startedAt: "2026-03-01T12:00:00Z",
	databaseUrl: "postgres://shop@127.0.0.1:1/shop",
	embedded: true,
	namespace: "shop"
};
const open = { ...shop, ready: true, url: "http://127.0.0.1:9" };
const ended =
	"The shop of npm run dev (pid 77) has ended because of a fault in its source: see its terminal.";
const gatewayUrl = "http://127.0.0.1:8080";

let data: DataFolder;
beforeEach(() => {
	data = new DataFolder(mkdtempSync(join(tmpdir(), "shop-data-")));
});
afterEach(() => rmSync(data.path, { recursive: true }));

/** What a command finds beside a launcher that wrote this. */
function addressBeside(facts: RunningShop | undefined, given?: string): string {
	const unlock = data.lock();
	if (facts) writeFileSync(data.runFile, JSON.stringify(facts));
	try {
		return addressOfShop(given, { dataDir: data.path, gatewayUrl });
	} finally {
		unlock();
	}
}

it.each<[facts: RunningShop | undefined, given: string | undefined, url: string]>([
	[open, undefined, "http://127.0.0.1:9"],
	[{ ...open, ended: false }, undefined, "http://127.0.0.1:9"],
	[{ ...shop, command: "repl", ready: true }, undefined, gatewayUrl],
	[undefined, undefined, gatewayUrl],
	[{ ...open, ready: false, ended: true }, "http://elsewhere:1", "http://elsewhere:1"]
])("beside %j, with %j given, the shop is at %s", (facts, given, url) => {
	expect(addressBeside(facts, given)).toBe(url);
});

it.each<[facts: RunningShop, sentence: string]>([
	[{ ...open, ready: false, ended: true }, ended],
	[shop, "The shop of npm run dev (pid 77) is starting: try again once it is open."],
	[
		{ ...open, command: "start", ready: false },
		"The shop of npm start (pid 77) is starting: try again once it is open."
	]
])("a shop that takes no requests has no address: %j", (facts, sentence) => {
	expect(() => addressBeside(facts)).toThrow(sentence);
	expect(whyAway(facts)).toBe(sentence);
});
