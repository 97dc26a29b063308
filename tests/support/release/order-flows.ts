import type { Order, Return } from "../../../contracts/order.ts";
import { Client, type Clients } from "../shop/api-client.ts";
import { address } from "../shop/orders.ts";
import { until } from "../until.ts";

/** Places orders of a customer and takes them through what an order can go through, at one gateway. */
export async function passThrough(clients: Clients, url: string): Promise<void> {
	const [alice, admin] = (["alice", "admin"] as const).map(
		name => new Client(url, clients[name].headers)
	) as [Client, Client];
	const place = async () => {
		const body = {
			items: [{ product_id: "prod-002", quantity: 2 }],
			shipping_address: address,
			payment_method: "pm_card_visa"
		};
		const { body: order } = await alice.post<Order>("/api/v1/orders", body);
		return `/api/v1/orders/${order.id}`;
	};
	const reaches = (path: string, status: string) =>
		until(async () => (await alice.get<Order>(path)).body.status === status, 30_000);
	const cancelled = async () => {
		const path = await place();
		await reaches(path, "confirmed");
		expect((await alice.post(`${path}/cancel`, { reason: "too late" })).status).toBe(200);
		await reaches(path, "refunded");
	};
	const returned = async () => {
		const path = await place();
		await reaches(path, "confirmed");
		await admin.post(`${path}/ship`, { carrier: "UPS", tracking_number: "1Z" });
		expect((await admin.post(`${path}/deliver`)).status).toBe(200);
		const items = [{ product_id: "prod-002", quantity: 1 }];
		const { body } = await alice.post<Return>(`${path}/returns`, { items, reason: "too small" });
		expect((await admin.post(`/api/v1/returns/${body.id}/approve`)).status).toBe(200);
		await reaches(path, "returned");
		const { body: history } = await alice.get<{ data: { to: string }[] }>(`${path}/events`);
		const [first, last] = [history.data[0]!.to, history.data.at(-1)!.to];
		expect([first, last]).toEqual(["pending", "returned"]);
	};
	const kept = async () => reaches(await place(), "confirmed");
	await Promise.all([kept(), cancelled(), returned()]);
	expect((await alice.get<{ data: Order[] }>("/api/v1/orders?limit=2")).body.data).toHaveLength(2);
}
