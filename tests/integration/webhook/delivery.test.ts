import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { WebhookClient } from "../../../services/webhook/requests/webhook-client.ts";
import { Networks } from "../../../lib/addresses/network.ts";
import { until } from "../../support/until.ts";
import { acknowledge, openReceiver, type Receiver } from "../../support/webhooks/receiver.ts";
import { useWebhooks } from "../../support/webhooks/use-webhooks.ts";

/** Deliveries to a real server, from a real database. */

const hooks = useWebhooks();
const { register, plan, replan, start, listed, settled, failing } = hooks;
const allowed = new Networks(["127.0.0.1"]);

describe("a delivery", () => {
	it("is a signed request with the event, made once however often the event is handled", async () => {
		const { id, secret } = await register();
		const [event] = await plan();
		await replan([event!], false);
		start();
		const [delivery] = await settled(id, 1);
		expect(delivery).toMatchObject({ state: "delivered", attempts: 1, last_status: 204 });
		expect(hooks.receiver.requests).toHaveLength(1);
		const [request] = hooks.receiver.requests;
		expect(hooks.receiver.verified(secret, request!)).toEqual({
			id: event!.id,
			type: "order.confirmed",
			timestamp: event!.time,
			sequence: event!.sequence,
			data: event!.data
		});
		expect(request!.headers["webhook-id"]).toBe(event!.id);
		expect(request!.headers["content-type"]).toBe("application/json");
	});

	it("is made for the types that were asked for, and for events after the webhook was made", async () => {
		const { id } = await register(hooks.receiver.url, ["order.shipped"]);
		await plan();
		const old = { ...buildOrderEvent({ type: "order.shipped" }), time: "2026-01-01T00:00:00.000Z" };
		await replan([old], false);
		expect(await listed(id)).toEqual([]);
		// A replay that is asked for has no such limit, and sends what was sent once more.
		await replan([old], true);
		expect((await listed(id)).map(({ event_id }) => event_id)).toEqual([old.id]);
		start();
		await settled(id, 1);
		await replan([old], false);
		expect((await listed(id))[0]).toMatchObject({ state: "delivered", redeliveries: 0 });
		await replan([old], true);
		await until(async () => (await listed(id))[0]!.redeliveries === 1);
		await settled(id, 1);
		expect(hooks.receiver.requests).toHaveLength(2);
	});

	it("is repeated with the same id and body until it is acknowledged, and has its attempts listed", async () => {
		const { id, secret } = await register();
		await plan();
		hooks.receiver.answer = response => {
			if (hooks.receiver.requests.length === 3) acknowledge(response, hooks.receiver.requests[2]!);
			else response.writeHead(500).end("not now");
		};
		start();
		const [delivery] = await settled(id, 1);
		const detail = await hooks.deliveries.get(id, delivery!.id);
		expect(detail).toMatchObject({ state: "delivered", attempts: 3, last_error: null });
		expect(detail.history.map(({ status, error, answer }) => [status, error, answer])).toEqual([
			[204, null, ""],
			[500, "it answered 500", "not now"],
			[500, "it answered 500", "not now"]
		]);
		expect(new Set(hooks.receiver.requests.map(({ body }) => body)).size).toBe(1);
		expect(new Set(hooks.receiver.requests.map(({ headers }) => headers["webhook-id"])).size).toBe(
			1
		);
		for (const request of hooks.receiver.requests) hooks.receiver.verified(secret, request);
		expect((await hooks.endpoints.get(id)).failing_since).toBeNull();
	});

	it("fails after its last attempt, and is sent again on request", async () => {
		const { id } = await register();
		await plan();
		failing(400);
		start();
		const [failed] = await settled(id, 1);
		expect(failed).toMatchObject({ state: "failed", attempts: 3, last_error: "it answered 400" });
		hooks.receiver.answer = acknowledge;
		await hooks.deliveries.redeliver(id, failed!.id);
		const delivered = await until(async () => {
			const [one] = await listed(id);
			return one!.state === "delivered" ? one : undefined;
		});
		expect(delivered).toMatchObject({ attempts: 1, redeliveries: 1 });
	});

	it("sends again all that failed since an instant", async () => {
		const { id } = await register();
		const events = await plan(5);
		failing(400);
		start({ retryDelaysMs: [] });
		await settled(id, 5);
		hooks.receiver.answer = acknowledge;
		const later = new Date(Date.parse(events[0]!.time) + 60_000).toISOString();
		expect(await hooks.deliveries.redeliverFailed(id, later)).toEqual({ redelivered: 0, left: 0 });
		const from = "2026-01-01T00:00:00.000Z";
		expect(await hooks.deliveries.redeliverFailed(id, from)).toEqual({ redelivered: 5, left: 0 });
		await until(async () => (await listed(id)).every(({ state }) => state === "delivered"));
	});

	it("sends again now what waits for its next attempt", async () => {
		const { id } = await register();
		await plan(3);
		failing(500);
		start({ retryDelaysMs: [86_400_000] });
		await until(async () => (await listed(id)).every(({ last_error }) => last_error));
		hooks.receiver.answer = acknowledge;
		await hooks.endpoints.resume(id);
		const from = "2026-01-01T00:00:00.000Z";
		expect(await hooks.deliveries.redeliverFailed(id, from)).toEqual({ redelivered: 3, left: 0 });
		await until(async () => (await listed(id)).every(({ state }) => state === "delivered"));
		for (const one of await listed(id)) expect(one).toMatchObject({ attempts: 1, redeliveries: 1 });
	});

	it("sends again what is requested again during its last attempt", async () => {
		const { id } = await register();
		await plan();
		let refuse: (() => void) | undefined;
		hooks.receiver.answer = response => {
			refuse = () => void response.writeHead(500).end();
		};
		start({ retryDelaysMs: [] });
		await until(() => refuse);
		const [sending] = await listed(id);
		await hooks.deliveries.redeliver(id, sending!.id);
		hooks.receiver.answer = acknowledge;
		refuse!();
		await until(async () => (await listed(id))[0]!.state === "delivered");
		expect((await listed(id))[0]).toMatchObject({ attempts: 1, redeliveries: 1 });
		expect((await hooks.deliveries.get(id, sending!.id)).history).toHaveLength(2);
	});

	it("follows no redirect", async () => {
		const { id } = await register();
		const elsewhere = await openReceiver();
		failing(307, { location: elsewhere.url });
		await plan();
		start();
		const [failed] = await settled(id, 1);
		await elsewhere.close();
		expect(failed!.last_error).toBe("it answered 307: redirects are not followed");
		expect(elsewhere.requests).toEqual([]);
	});

	it("is given up when there is no answer, and no endless one is read", async () => {
		const { id } = await register();
		hooks.receiver.answer = () => undefined;
		await plan();
		start({ retryDelaysMs: [], client: new WebhookClient({ allowed, timeoutMs: 200 }) });
		const [failed] = await settled(id, 1);
		expect(failed!.last_error).toBe("no answer within 0.2 s");
		const isEndless: Receiver["answer"] = response => {
			response.writeHead(200);
			const more = setInterval(() => response.write("x".repeat(10_000)), 1);
			response.on("close", () => clearInterval(more));
		};
		hooks.receiver.answer = isEndless;
		await hooks.deliveries.redeliver(id, failed!.id);
		await until(async () => (await listed(id))[0]!.state === "delivered");
		const { history } = await hooks.deliveries.get(id, failed!.id);
		expect(history[0]!.answer).toBe("x".repeat(1000));
	});

	it("keeps what Postgres cannot store out of the answer", async () => {
		const { id } = await register();
		hooks.receiver.answer = response =>
			void response.writeHead(200).end(Buffer.from([0x61, 0, 0xff, 0x62]));
		await plan();
		start();
		const [delivered] = await settled(id, 1);
		expect((await hooks.deliveries.get(id, delivered!.id)).history[0]!.answer).toBe("a\ufffdb");
	});
});

describe("senders", () => {
	it("share the deliveries: each is sent once by several nodes", async () => {
		const { id } = await register();
		await plan(150);
		for (let n = 0; n < 3; n++) start();
		await settled(id, 150);
		expect(hooks.receiver.requests).toHaveLength(150);
	}, 30_000);

	it("do not wait for a slow endpoint", async () => {
		const slow = await openReceiver();
		slow.answer = () => undefined;
		const slowOnes = [];
		for (let n = 0; n < 12; n++) slowOnes.push(await register(`${slow.url}/${n}`));
		await plan(20);
		const { id } = await register();
		const client = new WebhookClient({ allowed, timeoutMs: 15_000 });
		const sender = start({ client });
		await until(() => slow.requests.length === 12 * 8);
		await plan(20);
		await settled(id, 20);
		expect(slow.requests).toHaveLength(12 * 8);
		for (const one of slowOnes)
			expect((await listed(one.id)).every(({ state }) => state === "pending")).toBe(true);
		// What is on its way is waited for.
		let isStopped = false;
		const stopped = sender.stop().then(() => (isStopped = true));
		await new Promise(resolve => setTimeout(resolve, 100));
		expect(isStopped).toBe(false);
		await slow.close();
		await stopped;
		expect((await listed(slowOnes[0]!.id)).filter(({ attempts }) => attempts === 1)).toHaveLength(
			8
		);
	});

	it("take over what a killed node was sending when its lease is over", async () => {
		const { id } = await register();
		await plan();
		const [claim] = await hooks.deliveries.claim({ perEndpoint: 1, sending: new Map() }, 60_000);
		start();
		await new Promise(resolve => setTimeout(resolve, 200));
		expect(hooks.receiver.requests).toHaveLength(0);
		await hooks.database.rows("update webhook.delivery set due_at = now(), lease_until = now()");
		const [delivery] = await settled(id, 1);
		expect(delivery).toMatchObject({ state: "delivered", attempts: 2 });
		// The first one is too late.
		const attempt = {
			status: 500,
			error: "no",
			answer: "",
			retryAfterMs: undefined,
			durationMs: 1
		};
		const outcome = { state: "failed" } as const;
		const late = { claim: claim!, attempt, outcome };
		expect(await hooks.deliveries.settle(late)).toBe(false);
		// Nor is it one that is being sent once more.
		await Promise.all(hooks.senders().map(sender => sender.stopClaiming()));
		await hooks.deliveries.redeliver(id, delivery!.id);
		expect(await hooks.deliveries.settle(late)).toBe(false);
		expect((await listed(id))[0]!.state).toBe("pending");
	});

	it("are not sent once more while they are being sent", async () => {
		const { id } = await register();
		await plan();
		await hooks.deliveries.claim({ perEndpoint: 1, sending: new Map() }, 60_000);
		const [delivery] = await listed(id);
		const { next_attempt_at } = await hooks.deliveries.redeliver(id, delivery!.id);
		expect(next_attempt_at).toBe(delivery!.next_attempt_at);
	});

	it("give an endpoint a pause that it asks for, and one that fails often few requests", async () => {
		const { id } = await register();
		failing(503, { "retry-after": "30" });
		await plan();
		start();
		await until(async () => (await hooks.endpoints.get(id)).paused_until);
		const { paused_until } = await hooks.endpoints.get(id);
		expect(Date.parse(paused_until!) - Date.now()).toBeGreaterThan(20_000);
		const { length } = hooks.receiver.requests;
		await plan(5);
		await new Promise(resolve => setTimeout(resolve, 200));
		expect(hooks.receiver.requests).toHaveLength(length);
		await hooks.database.rows("update webhook.endpoint set paused_until = null, failures = 9");
		hooks.receiver.answer = () => undefined;
		await until(() => hooks.receiver.requests.length > length);
		await new Promise(resolve => setTimeout(resolve, 200));
		expect(hooks.receiver.requests).toHaveLength(length + 1);
	});
});
