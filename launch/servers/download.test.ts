import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { download } from "./download.ts";

const silentMs = 300;
/** Longer, because a busy machine may not read for a while. */
const slowMs = 2000;
let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
	server = createServer(listener).listen(0, "127.0.0.1");
	await new Promise(resolve => server!.once("listening", resolve));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.jar`;
}

afterEach(() => {
	server?.closeAllConnections();
	server?.close();
});

it.each<[string, RequestListener]>([
	["no response", () => undefined],
	["a head alone", (_, res) => res.writeHead(200).flushHeaders()],
	["a part", (_, res) => res.writeHead(200, { "content-length": 9 }).write("part")]
])(
	"gives up a server that sends %s",
	async (_, listener) => {
		const startedAt = performance.now();
		const given = download(await serve(listener), silentMs);
		await expect(given).rejects.toThrow("nothing was received for 0.3 s");
		expect(performance.now() - startedAt).toBeGreaterThanOrEqual(silentMs - 20);
	},
	10_000
);

it("waits for a slow server that goes on sending", async () => {
	const url = await serve(async (_, res) => {
		for (let part = 0; part < 8; part++) {
			res.write(String(part));
			await delay(slowMs / 4);
		}
		res.end();
	});
	expect((await download(url, slowMs)).toString()).toBe("01234567");
}, 10_000);

it("refuses a response that is no success", async () => {
	const url = await serve((_, res) => res.writeHead(404).end());
	await expect(download(url, silentMs)).rejects.toThrow("404");
});
