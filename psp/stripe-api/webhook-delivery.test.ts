import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Engine } from "../ledger/engine.ts";
import { FaultInjector } from "../ledger/faults.ts";
import { until } from "../../tests/support/until.ts";
import { WebhookSender } from "./webhook-delivery.ts";

/** The part of an event that is under test is its id. */
jest.mock("./stripe-objects.ts", () => ({ eventObject: ({ id }: { id: string }) => ({ id }) }));

const closers: (() => unknown)[] = [];
afterEach(() => {
	for (const close of closers.splice(0)) close();
});

it("schedules a limited number of events, and sends the others when those are delivered", async () => {
	let isUp = false;
	const arrived: string[] = [];
	const shop = createServer(async (request, response) => {
		arrived.push(JSON.parse(await text(request)).id);
		response.writeHead(isUp ? 200 : 503).end();
	}).listen(0, "127.0.0.1");
	closers.push(() => shop.close());
	await once(shop, "listening");
	const events = Array.from({ length: 12 }, (_, n) => ({ id: `event-${n}` }));
	const delivered = new Set<string>();
	const engine = {
		state: { events: { length: events.length, at: (n: number) => events[n] }, delivered },
		delivered: async (id: string) => void delivered.add(id)
	} as unknown as Engine;
	const sender = new WebhookSender({
		engine,
		faults: new FaultInjector(),
		url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}`,
		secret: "whsec_test",
		origin: () => "http://127.0.0.1",
		scheduledAtMost: 5
	});
	closers.push(() => sender.close());
	sender.sendNew();
	// Each of the five is tried again meanwhile.
	await until(() => arrived.length >= 12, 10_000);
	expect(new Set(arrived).size).toBe(5);
	isUp = true;
	await until(() => delivered.size === events.length, 20_000);
});
