import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poll } from "../../lib/retry.ts";
import { ServerProcess } from "./server-process.ts";

let folder: string;
let crashes: number;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "server-process-"));
	crashes = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ready = () => `require("fs").writeFileSync(${JSON.stringify(join(folder, "ready"))}, "");`;
const forever = "setInterval(() => undefined, 1000);";

function start(script: string, program = process.execPath) {
	return ServerProcess.start({
		spawn: options => spawn(program, ["-e", script], options),
		log: join(folder, "log"),
		isReady: () => existsSync(join(folder, "ready")),
		onCrash: () => crashes++,
		signals: { stop: "SIGTERM", crash: "SIGKILL" },
		slowestStopMs: 200
	});
}
const exitListeners = () => process.listenerCount("exit");

describe("a server process", () => {
	it("is ready, paused, resumed and stopped, which is no crash", async () => {
		const before = exitListeners();
		const server = (await start(`${ready()}${forever}`))!;
		expect(exitListeners()).toBe(before + 1);
		server.pause();
		await server.stop();
		await server.stop();
		expect([crashes, exitListeners()]).toEqual([0, before]);
	});

	it("reports an end that was not requested", async () => {
		const before = exitListeners();
		await start(`${ready()}setTimeout(() => process.exit(3), 100);`);
		await poll(() => crashes > 0, { everyMs: 10, withinMs: 5000 });
		expect([crashes, exitListeners()]).toEqual([1, before]);
	});

	it("is killed when it does not stop in time", async () => {
		const server = await start(`process.on("SIGTERM", () => undefined);${ready()}${forever}`);
		await server!.stop();
		expect(crashes).toBe(0);
	});

	it("is undefined when it ends before it is ready, and its log says why", async () => {
		expect(await start("console.error('no room'); process.exit(1);")).toBeUndefined();
		expect(readFileSync(join(folder, "log"), "utf8")).toBe("no room\n");
		expect(crashes).toBe(0);
	});

	it("fails when there is no such program", async () => {
		await expect(start("", join(folder, "no-such-program"))).rejects.toThrow("ENOENT");
	});
});
