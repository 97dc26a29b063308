import { once } from "node:events";
import { freePort } from "../../../launch/process/free-port.ts";
import { launch } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

it.each(["start.ts", "dev.ts", "cluster.ts"])(
	"%s says that the shop is open once every service is ready, also where it was asked before",
	async script => {
		const DATA_DIR = temporaryFolder();
		const PORT = String(await freePort());
		const health = async () => {
			const answer = await fetch(`http://127.0.0.1:${PORT}/health`).catch(() => undefined);
			return ((await answer?.json()) as { status: string } | undefined)?.status;
		};
		const { child, output } = launch(script, [], { DATA_DIR, PORT, HOME: DATA_DIR });
		// As a load balancer does, so that the gateway has an answer from before the others were ready.
		const requesting = setInterval(() => void health(), 20);
		try {
			const opened = new Promise(resolve => {
				child.stdout.on("data", () => {
					if (output().includes("The shop is open.")) resolve(health());
				});
			});
			expect(await opened).toBe("ok");
			expect(output()).not.toMatch(/Not ready yet/);
		} finally {
			clearInterval(requesting);
			const exit = once(child, "exit");
			child.kill("SIGTERM");
			await exit;
		}
	},
	90_000
);
