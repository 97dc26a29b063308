import { randomUUID } from "node:crypto";
import type { Order, Return } from "../../../contracts/order.ts";
import { until } from "../../support/until.ts";
import { placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";
import { expectProblem } from "../../support/expect-failure.ts";

/** Alice's order of three of one product, delivered; its path. */
export async function delivered(shop: Shop): Promise<{ path: string; product: string }> {
	const { id: product } = await shop.product(6);
	const items = [{ product_id: product, quantity: 3 }];
	const path = `/api/v1/orders/${(await placed(shop, product, { items })).id}`;
	const parcel = { carrier: "UPS", tracking_number: "1Z" };
	await shop.as("admin").post(`${path}/ship`, parcel);
	expect((await shop.as("admin").post(`${path}/deliver`)).status).toBe(200);
	return { path, product };
}

export const some = (product_id: string, quantity: number) => ({
	items: [{ product_id, quantity }],
	reason: "too small"
});

/** Returns: what customers request, and what staff decide. */
export function returnTests(shop: Shop): void {
	const alice = () => shop.as("alice");
	const support = () => shop.as("support");

	describe("a return", () => {
		it("is requested once per key, approved by staff, and refunded in part", async () => {
			const { path, product } = await delivered(shop);
			const key = randomUUID();
			const ask = () => alice().post<Return>(`${path}/returns`, some(product, 2), { key });
			const [first, again] = [await ask(), await ask()];
			expect([first.status, first.body.status]).toEqual([201, "requested"]);
			expect(first.headers.get("location")).toBe(`/api/v1/returns/${first.body.id}`);
			expect(again.body).toEqual(first.body);
			expect(again.headers.get("idempotent-replayed")).toBe("true");
			const own = `/api/v1/returns/${first.body.id}`;
			const approved = await support().post<Return>(`${own}/approve`);
			expect([approved.status, approved.body.restock]).toEqual([200, true]);
			const done = await until(async () => {
				const { body } = await alice().get<Return>(own);
				return body.status === "completed" ? body : undefined;
			}, 20_000);
			expect(done.refunded).toEqual(first.body.items[0]!.amount);
			const { body: order } = await alice().get<Order>(path);
			expect([order.status, order.payment!.refunded]).toEqual(["returned", done.refunded]);
			const { body: list } = await alice().get<{ data: Return[] }>(`${path}/returns`);
			expect(list.data).toEqual([done]);
		}, 30_000);

		it("is rejected by staff, with a reason", async () => {
			const { path, product } = await delivered(shop);
			const { body } = await alice().post<Return>(`${path}/returns`, some(product, 1));
			const own = `/api/v1/returns/${body.id}`;
			expect((await support().post(`${own}/reject`, {})).status).toBe(422);
			const rejected = await support().post<Return>(`${own}/reject`, { note: "worn" });
			expect([rejected.status, rejected.body.note]).toEqual([200, "worn"]);
			const late = await support().post(`${own}/approve`);
			expectProblem(late, "ILLEGAL_TRANSITION");
		});

		it("is visible to its owner and staff only", async () => {
			const { path, product } = await delivered(shop);
			const bob = shop.as("bob");
			expect((await bob.post(`${path}/returns`, some(product, 1))).status).toBe(404);
			const { body } = await alice().post<Return>(`${path}/returns`, some(product, 1));
			const own = `/api/v1/returns/${body.id}`;
			expect((await alice().post(`${own}/approve`)).status).toBe(403);
			expect((await bob.get(own)).status).toBe(404);
			expect((await bob.get(`${path}/returns`)).status).toBe(404);
			expect((await support().get(own)).status).toBe(200);
		});

		it("is refused with the invalid field, and changes nothing", async () => {
			const { path, product } = await delivered(shop);
			const { id: other } = await shop.product(1);
			const refused = async (body: object) => {
				const answer = await alice().post(`${path}/returns`, body);
				const [fault] = (answer.body.errors ?? []) as { pointer: string; code: string }[];
				return [answer.status, answer.body.code, fault?.pointer];
			};
			const faults = [
				await refused(some(product, 4)),
				await refused(some(other, 1)),
				await refused(some(product, 0)),
				await refused({ ...some(product, 1), items: [] }),
				await refused({ items: some(product, 1).items })
			];
			expect(faults).toEqual([
				[422, "return-exceeds-order", "/items/0/quantity"],
				[422, "validation-failed", "/items/0/product_id"],
				[422, "validation-failed", "/items/0/quantity"],
				[422, "validation-failed", "/items"],
				[422, "validation-failed", "/reason"]
			]);
			const { body } = await alice().get<Order>(path);
			expect(body.status).toBe("delivered");
			const young = await placed(shop, (await shop.product(1)).id);
			const early = await alice().post(`/api/v1/orders/${young.id}/returns`, some(product, 1));
			expectProblem(early, "ILLEGAL_TRANSITION");
		});
	});
}
