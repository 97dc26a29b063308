import { randomBytes, randomUUID } from "node:crypto";
import type {
	Webhook,
	WebhookDelivery,
	WebhookDeliveryDetail,
	WebhookWithSecret
} from "../../../contracts/webhook.ts";
import { expectProblem } from "../../support/expect-failure.ts";
import { until } from "../../support/until.ts";
import { openReceiver, type Receiver } from "../../support/webhooks/receiver.ts";
import { placed } from "./rest.orders.ts";
import type { Shop } from "./rest.suite.ts";

const path = "/api/v1/webhooks";
let number = 0;
const body = (more: object = {}) => ({
	url: `https://${process.pid}-${number++}.erp.example/events`,
	event_types: ["order.confirmed"],
	...more
});

/** A webhook with a delivery, which finds no server. */
export async function pinged(shop: Shop): Promise<{ webhook: string; delivery: string }> {
	const made = await shop.as("admin").post<Webhook>(path, body());
	const { id: webhook } = made.body;
	const sent = await shop.as("admin").post<WebhookDelivery>(`${path}/${webhook}/ping`, {});
	return { webhook, delivery: sent.body.id };
}

/** Webhooks as admins see them. */
export function webhookTests(shop: Shop): void {
	const admin = () => shop.as("admin");
	const detailOf = (answer: { body: { errors?: { pointer: string; detail: string }[] } }) =>
		(answer.body.errors ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`).join();

	describe("a webhook", () => {
		it("is made with a secret that is shown this once", async () => {
			const made = await admin().post<WebhookWithSecret>(path, body({ description: "ERP" }));
			expect(made.status).toBe(201);
			const { secret, ...webhook } = made.body;
			expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
			expect(made.headers.get("location")).toBe(`${path}/${webhook.id}`);
			expect((await admin().get(`${path}/${webhook.id}`)).body).toEqual(webhook);
			const { body: all } = await admin().get<{ data: Webhook[] }>(path);
			expect(all.data).toContainEqual(webhook);
		});

		it("takes a secret of one's own, in the form of Standard Webhooks", async () => {
			const of = (bytes: number) => `whsec_${randomBytes(bytes).toString("base64")}`;
			for (const bytes of [24, 25, 32, 64]) {
				const { status, body: made } = await admin().post(path, body({ secret: of(bytes) }));
				expect([bytes, status]).toEqual([bytes, 201]);
				await admin().send("DELETE", `${path}/${made.id as string}`, {});
			}
			const wrong = [of(23), of(65), "whsec_", "whsec_abc", randomBytes(32).toString("base64"), ""];
			for (const secret of wrong) {
				const refused = await admin().post(path, body({ secret }));
				expect([secret, refused.status]).toEqual([secret, 422]);
				expect(detailOf(refused as never)).toContain("whsec_ and 24 to 64 bytes in base64");
			}
		});

		it.each([
			["http://1.1.1.1/", "is public, and http:// is not for that"],
			["https://127.0.0.2/", "is no public address"],
			["https://[::ffff:169.254.169.254]/", "is no public address"],
			["https://user:secret@erp.example/", "no user and no password"],
			["erp.example", "must be a URL"]
		])("is refused for the URL %s", async (url, says) => {
			const refused = await admin().post(path, body({ url }));
			expectProblem(refused, "VALIDATION_FAILED");
			expect(detailOf(refused as never)).toContain(says);
		});

		it("is refused for types that there are not, none, or twice the same", async () => {
			for (const event_types of [["order.eaten"], [], ["order.created", "order.created"], "all"])
				expectProblem(await admin().post(path, body({ event_types })), "VALIDATION_FAILED");
		});

		it("is one for each URL", async () => {
			const given = body();
			const [one, two] = [await admin().post(path, given), await admin().post(path, given)];
			expect(one.status).toBe(201);
			expectProblem(two, "DUPLICATE_WEBHOOK");
		});

		it("is changed in part, and removed", async () => {
			const { body: made } = await admin().post<Webhook>(path, body());
			const own = `${path}/${made.id}`;
			const change = { event_types: ["product.low_stock"], description: "stock" };
			const { body: changed } = await admin().send<Webhook>("PATCH", own, { body: change });
			expect(changed).toMatchObject({ ...change, url: made.url, enabled: true });
			const rotated = await admin().post<WebhookWithSecret>(`${own}/secret`, {});
			expect(rotated.body.secret).toMatch(/^whsec_/);
			expect((await admin().send("DELETE", own, {})).status).toBe(200);
			for (const gone of [own, `${own}/deliveries`])
				expectProblem(await admin().get(gone), "NOT_FOUND");
			expectProblem(await admin().send("PATCH", own, { body: change }), "NOT_FOUND");
		});

		it("that is disabled takes no request for deliveries", async () => {
			const { webhook, delivery } = await pinged(shop);
			const own = `${path}/${webhook}`;
			const disabled = await admin().send<Webhook>("PATCH", own, { body: { enabled: false } });
			expect(disabled.body).toMatchObject({ enabled: false, disabled_reason: "admin" });
			const from = "2026-01-01T00:00:00Z";
			for (const [action, given] of [
				["ping", {}],
				["redeliver", { from }],
				[`deliveries/${delivery}/redeliver`, {}]
			] as const)
				expectProblem(await admin().post(`${own}/${action}`, given), "WEBHOOK_DISABLED");
			const enabled = await admin().send<Webhook>("PATCH", own, { body: { enabled: true } });
			expect(enabled.body.disabled_reason).toBeNull();
			expect((await admin().post(`${own}/ping`, {})).status).toBe(201);
			await admin().send("DELETE", own, {});
		});
	});

	describe("a delivery of a webhook", () => {
		it("shows its attempts, and belongs to its webhook", async () => {
			const { webhook, delivery } = await pinged(shop);
			const own = `${path}/${webhook}/deliveries`;
			const shown = await until(async () => {
				const { body: detail } = await admin().get<WebhookDeliveryDetail>(`${own}/${delivery}`);
				return detail.history.length > 0 ? detail : undefined;
			});
			expect(shown).toMatchObject({ state: "pending", attempts: 1, event_type: "webhook.ping" });
			expect(shown.history[0]!.error).toMatch(/^the host name/);
			expect(JSON.parse(shown.body)).toMatchObject({ type: "webhook.ping" });
			const { webhook: other } = await pinged(shop);
			expectProblem(await admin().get(`${path}/${other}/deliveries/${delivery}`), "NOT_FOUND");
			expectProblem(await admin().get(`${own}/${randomUUID()}`), "NOT_FOUND");
			const { body: none } = await admin().get(`${own}?state=delivered`);
			expect(none.data).toEqual([]);
			expectProblem(await admin().get(`${own}?cursor=x`), "VALIDATION_FAILED");
		});
	});

	describe("an order", () => {
		let receiver: Receiver;
		beforeAll(async () => (receiver = await openReceiver()));
		afterAll(() => receiver.close());

		it("is sent to a webhook in an allowed network", async () => {
			const event_types = ["order.created", "order.confirmed"];
			const given = body({ url: receiver.url, event_types });
			const { body: made } = await admin().post<WebhookWithSecret>(path, given);
			const order = await placed(shop, (await shop.product(1)).id);
			const messages = await until(() => {
				const all = receiver.requests.map(request => receiver.verified(made.secret, request));
				const own = all.filter(({ data }) => "order_id" in data && data.order_id === order.id);
				return own.length === 2 ? own : undefined;
			});
			expect(messages.map(({ type }) => type).toSorted()).toEqual(event_types.toSorted());
			await admin().send("DELETE", `${path}/${made.id}`, {});
		}, 30_000);
	});
}
