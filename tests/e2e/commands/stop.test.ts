import { randomUUID } from "node:crypto";
import { awaitedStatuses, type OrderStatus } from "../../../contracts/order-status.ts";
import { startCluster, startShop, type Running } from "../../support/servers/processes.ts";
import { KeepAliveClient, type Reply } from "../../support/load/keep-alive-client.ts";
import { address } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";

/** An order whose charge takes 5 s: a client that was left to wait would get it confirmed. */
const slowOrder = (product: string) => ({
	method: "POST",
	headers: { prefer: "wait=10", "idempotency-key": randomUUID() },
	body: {
		items: [{ product_id: product, quantity: 1 }],
		shipping_address: address,
		payment_method: "pm_sim_hang5s"
	}
});

/** Requests on one connection, one after the other, until the shop says that it closes it: the last response. */
async function readUntilClosed(client: KeepAliveClient): Promise<Reply> {
	for (;;) {
		const reply = await client.send("/api/v1/products?limit=1");
		expect(reply.status).toBe(200);
		if (reply.headers.connection === "close") return reply;
	}
}

describe.each([
	["npm start", startShop],
	["npm run cluster", startCluster]
])("SIGTERM of %s", (_, start: () => Promise<Running>) => {
	let shop: Running;
	const clients: KeepAliveClient[] = [];
	const client = () => {
		const made = new KeepAliveClient(shop.url);
		clients.push(made);
		return made;
	};

	beforeAll(async () => {
		shop = await start();
	}, 90_000);

	afterAll(async () => {
		for (const made of clients) made.close();
		await shop.remove();
	}, 60_000);

	it("resets no client: those that wait get their order as it stands, others their response", async () => {
		const orders = Array.from({ length: 5 }, () =>
			client().send("/api/v1/orders", slowOrder("prod-001"))
		);
		const isPlaced = async () => {
			const { text } = await client().send("/api/v1/orders");
			return (JSON.parse(text) as { data: unknown[] }).data.length === 5;
		};
		await until(isPlaced);
		const readers = Array.from({ length: 5 }, () => client());
		for (const reader of readers) expect((await reader.send("/health/live")).status).toBe(200);

		const ends = readers.map(readUntilClosed);
		const stopped = shop.stop();
		const closing = await Promise.all(ends);
		// The shop lingers: a load balancer that has not noticed yet still gets responses.
		const late = client();
		const ready = await late.send("/health/ready");
		expect([ready.status, ready.headers.connection]).toEqual([503, "close"]);
		const placed = await late.send("/api/v1/orders", slowOrder("prod-002"));
		const answers = [...(await Promise.all(orders)), placed];
		expect(await stopped).toBe(0);

		expect(closing.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
		for (const { status, text } of answers) {
			expect(status).toBe(201);
			expect(awaitedStatuses).toContain((JSON.parse(text) as { status: OrderStatus }).status);
		}
		expect(answers.map(({ headers }) => headers.connection)).toEqual(answers.map(() => "close"));
	}, 60_000);
});
