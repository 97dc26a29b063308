import { execFileSync } from "node:child_process";
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync
} from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../../tests/support/servers/temporary-folder.ts";
import { until } from "../../tests/support/until.ts";
import { watchSource } from "./source-watcher.ts";

const file = "services/order/order.service.ts";

describe("the watch of the source", () => {
	let root: string;
	let changed: string[];
	let close: () => void;
	const at = (path: string) => join(root, path);
	const write = (path: string, text = "one\n") => {
		mkdirSync(dirname(at(path)), { recursive: true });
		writeFileSync(at(path), text);
	};
	const shell = (command: string) => execFileSync("sh", ["-ec", command], { cwd: root });
	/** Waits until each of these is reported, and forgets them. */
	const isNoticed = async (...paths: string[]) => {
		await until(() => paths.every(path => changed.includes(path)), 3000);
		// What belongs to the same change may be reported a moment later.
		await new Promise(resolve => setTimeout(resolve, 100));
		const others = changed.filter(path => !paths.includes(path));
		changed.length = 0;
		return others;
	};

	beforeEach(() => {
		root = temporaryFolder();
		write(file);
		write("services/order/saga/poller.ts");
		write("moleculer.config.ts");
		shell("git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm one");
		changed = [];
		close = watchSource(root, files => changed.push(...files));
	});
	afterEach(() => {
		close();
		rmSync(root, { recursive: true });
	});

	it.each<[how: string, change: () => unknown]>([
		["appended to", () => appendFileSync(at(file), "more\n")],
		["truncated and written", () => writeFileSync(at(file), "two\n")],
		["edited by sed -i twice", () => shell(`sed -i s/one/two/ ${file}; sed -i s/two/six/ ${file}`)],
		[
			"replaced by another file",
			() => {
				write("other", "two\n");
				renameSync(at("other"), at(file));
			}
		],
		[
			"deleted and created again",
			() => {
				rmSync(at(file));
				write(file, "two\n");
			}
		],
		["checked out", () => shell(`echo two >> ${file}; git checkout -q ${file}`)]
	])("notices a file that is %s, and its later changes", async (_, change) => {
		for (let time = 0; time < 3; time++) {
			change();
			expect(await isNoticed(file)).toEqual([]);
		}
		appendFileSync(at(file), "later\n");
		expect(await isNoticed(file)).toEqual([]);
	});

	it.each<[what: string, change: () => unknown, reported: string[], later: string]>([
		["a new file", () => write("lib/new.ts"), ["lib/new.ts"], "lib/new.ts"],
		[
			"a new folder with folders",
			() => write("services/new/deep/er/new.sql"),
			["services/new/deep/er/new.sql"],
			"services/new/deep/er/new.sql"
		],
		[
			"a folder that is renamed",
			() => renameSync(at("services/order"), at("services/orders")),
			["services/order", "services/orders/order.service.ts", "services/orders/saga/poller.ts"],
			"services/orders/saga/poller.ts"
		],
		[
			"a folder that is replaced by another",
			() => {
				write("other/order/saga/poller.ts");
				renameSync(at("services/order"), at("before"));
				renameSync(at("other/order"), at("services/order"));
			},
			["services/order/saga/poller.ts"],
			"services/order/saga/poller.ts"
		],
		[
			"a folder that is deleted and created again",
			() => {
				rmSync(at("services"), { recursive: true });
				write(file);
			},
			[file],
			file
		],
		[
			"the file beside the folders",
			() => shell("sed -i s/one/two/ moleculer.config.ts"),
			["moleculer.config.ts"],
			"moleculer.config.ts"
		]
	])("notices %s, and changes in it", async (_, change, reported, later) => {
		change();
		await isNoticed(...reported);
		for (let time = 0; time < 2; time++) {
			shell(`sed -i 's/$/ more/' ${later}`);
			expect(await isNoticed(later)).toEqual([]);
		}
	});

	it("reports nothing of a folder that was renamed away", async () => {
		renameSync(at("services/order"), at("before"));
		await isNoticed("services/order");
		appendFileSync(at("before/order.service.ts"), "later\n");
		write("lib/new.ts");
		expect(await isNoticed("lib/new.ts")).toEqual([]);
	});

	it.each([
		"services/order/order.test.ts",
		"services/order/order.service.ts~",
		"cli/dev.ts",
		"a.ts"
	])("does not report %s", async path => {
		write(path);
		write("lib/new.ts");
		expect(await isNoticed("lib/new.ts")).toEqual([]);
		expect([existsSync(at(path)), readFileSync(at(path), "utf8")]).toEqual([true, "one\n"]);
	});
});
