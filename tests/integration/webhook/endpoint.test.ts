import { newSecret } from "../../../services/webhook/endpoints/secret.ts";
import { until } from "../../support/until.ts";
import { useWebhooks } from "../../support/webhooks/use-webhooks.ts";

/** How endpoints are registered, fail, and are disabled. */

const hooks = useWebhooks();
const { register, plan, replan, start, listed, settled, failing } = hooks;

describe("an endpoint", () => {
	const outbox = () =>
		hooks.database.rows<{ payload: object }>("select payload from webhook.outbox");

	it("is disabled after a week of failures, and the admins are told once", async () => {
		const { id, url } = await register();
		await plan(3);
		failing(500);
		start({ retryDelaysMs: [] });
		await settled(id, 3);
		expect(await hooks.endpoints.get(id)).toMatchObject({
			enabled: true,
			last_error: "it answered 500"
		});
		expect(await hooks.deliveries.backlog()).toMatchObject({ failing: 1, disabled: 0 });
		await hooks.database.rows(
			"update webhook.endpoint set failing_since = now() - interval '7 days 1 s', paused_until = null"
		);
		await plan(3);
		await until(async () => !(await hooks.endpoints.get(id)).enabled);
		expect(await hooks.endpoints.get(id)).toMatchObject({ disabled_reason: "failing" });
		expect(hooks.disabled).toEqual([{ id, reason: "failing" }]);
		expect(await hooks.deliveries.backlog()).toMatchObject({ failing: 0, disabled: 1 });
		expect(await outbox()).toEqual([
			{
				payload: {
					webhook_id: id,
					url: new URL(url).origin,
					reason: "failing",
					last_error: "it answered 500",
					failing_since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)
				}
			}
		]);
	});

	it("is not disabled by failures of a week with a success among them", async () => {
		const { id } = await register();
		await plan();
		start({ retryDelaysMs: [] });
		await hooks.database.rows(
			"update webhook.endpoint set failing_since = now() - interval '8 days', failures = 3"
		);
		await settled(id, 1);
		await until(async () => (await hooks.endpoints.get(id)).failing_since === null);
		failing(500);
		await plan();
		await settled(id, 2);
		expect((await hooks.endpoints.get(id)).enabled).toBe(true);
	});

	it("that was disabled or removed while requests were on their way sends no second message", async () => {
		const { id } = await register();
		await plan(2);
		const claims = await hooks.deliveries.claim({ perEndpoint: 2, sending: new Map() }, 60_000);
		const attempt = {
			status: 410,
			error: "gone",
			answer: "",
			retryAfterMs: undefined,
			durationMs: 1
		};
		const settle = (n: number) =>
			hooks.deliveries.settle({ claim: claims[n]!, attempt, outcome: { state: "failed" } });
		await settle(0);
		expect(await outbox()).toHaveLength(1);
		await settle(1);
		expect(await outbox()).toHaveLength(1);
		await hooks.endpoints.update(id, { enabled: true });
		await plan();
		const [late] = await hooks.deliveries.claim({ perEndpoint: 1, sending: new Map() }, 60_000);
		await hooks.endpoints.remove(id);
		await hooks.deliveries.settle({ claim: late!, attempt, outcome: { state: "failed" } });
		expect(await outbox()).toHaveLength(1);
	});

	it("is disabled at once when it answers 410", async () => {
		const { id } = await register();
		failing(410);
		await plan();
		start();
		await settled(id, 1);
		expect(await hooks.endpoints.get(id)).toMatchObject({
			enabled: false,
			disabled_reason: "gone"
		});
		expect(await outbox()).toHaveLength(1);
	});

	it("gets nothing while it is disabled, and what waited when it is enabled again", async () => {
		const { id } = await register();
		await plan();
		await hooks.endpoints.update(id, { enabled: false });
		expect(await hooks.endpoints.get(id)).toMatchObject({
			enabled: false,
			disabled_reason: "admin"
		});
		const missed = await plan();
		start();
		await new Promise(resolve => setTimeout(resolve, 200));
		expect(hooks.receiver.requests).toHaveLength(0);
		await hooks.endpoints.update(id, { enabled: true });
		await settled(id, 1);
		expect(hooks.receiver.requests.map(({ body }) => JSON.parse(body).id)).not.toContain(
			missed[0]!.id
		);
	});

	it("gets nothing after it was removed, and its URL is free again", async () => {
		const { id, url } = await register();
		await plan();
		await hooks.endpoints.rotate(id, newSecret());
		await hooks.endpoints.remove(id);
		start();
		await plan();
		expect(await listed(id)).toHaveLength(1);
		await new Promise(resolve => setTimeout(resolve, 200));
		expect(hooks.receiver.requests).toHaveLength(0);
		await expect(hooks.endpoints.get(id)).rejects.toMatchObject({ type: "NOT_FOUND" });
		await register(url);
		const [row] = await hooks.database.rows(
			"select url, secret, former_secrets from webhook.endpoint where id = $1",
			[id]
		);
		expect(row).toEqual({ url: new URL(url).origin, secret: null, former_secrets: [] });
	});

	it("has both secrets sign for a day after a rotation", async () => {
		const { id, secret } = await register();
		const { secret: next } = await hooks.endpoints.rotate(id, newSecret());
		await plan();
		start();
		await settled(id, 1);
		const [request] = hooks.receiver.requests;
		for (const one of [secret, next]) hooks.receiver.verified(one, request!);
		await hooks.database.rows("update webhook.endpoint set former_secrets_until = now()");
		await plan();
		await settled(id, 2);
		hooks.receiver.verified(next, hooks.receiver.requests[1]!);
		expect(() => hooks.receiver.verified(secret, hooks.receiver.requests[1]!)).toThrow(
			"No matching signature"
		);
	});

	it("keeps the secret that receivers have when a rotation is sent twice", async () => {
		const { id, secret } = await register();
		const [lost, own] = [newSecret(), newSecret()];
		for (const next of [lost, own, own]) await hooks.endpoints.rotate(id, next);
		await plan();
		start();
		await settled(id, 1);
		const [request] = hooks.receiver.requests;
		for (const one of [secret, lost, own]) hooks.receiver.verified(one, request!);
		expect((request!.headers["webhook-signature"] as string).split(" ")).toHaveLength(3);
	});

	it("forgets its failures with another URL, and when it is enabled again", async () => {
		const failed =
			"failures = 9, failing_since = now() - interval '9 days', last_error = 'no', paused_until = now() + interval '1 hour'";
		const fresh = { failing_since: null, last_error: null, paused_until: null };
		const { id, url } = await register();
		await hooks.database.rows(`update webhook.endpoint set ${failed}`);
		await hooks.endpoints.update(id, { description: "no reason to forget them" });
		expect(await hooks.endpoints.get(id)).toMatchObject({ last_error: "no" });
		await hooks.endpoints.update(id, { url: `${url}/other` });
		expect(await hooks.endpoints.get(id)).toMatchObject(fresh);
		await hooks.database.rows(`update webhook.endpoint set ${failed}`);
		await hooks.endpoints.update(id, { enabled: false });
		await hooks.endpoints.update(id, { enabled: true });
		expect(await hooks.endpoints.get(id)).toMatchObject(fresh);
		// Its next failure is the first one.
		await hooks.endpoints.update(id, { url });
		failing(500);
		await plan();
		start({ retryDelaysMs: [] });
		await settled(id, 1);
		expect((await hooks.endpoints.get(id)).enabled).toBe(true);
	});

	it("gets no event from before it was enabled", async () => {
		const { id } = await register();
		await hooks.endpoints.update(id, { enabled: false });
		const [missed] = await plan();
		await hooks.endpoints.update(id, { enabled: true });
		const { rows } = hooks.database;
		await rows("update webhook.endpoint set active_since = active_since + interval '1 minute'");
		await replan([missed!], false);
		expect(await listed(id)).toEqual([]);
		await rows(
			"update webhook.endpoint set active_since = '2026-01-01', enabled = false, disabled_reason = 'admin'"
		);
		await hooks.endpoints.update(id, { enabled: true });
		const [row] = await rows(
			"select active_since > now() - interval '1 minute' as is_moved from webhook.endpoint"
		);
		expect(row).toEqual({ is_moved: true });
	});

	it("goes on at once when somebody asks for it", async () => {
		const { id } = await register();
		await hooks.database.rows(
			"update webhook.endpoint set paused_until = now() + interval '1 hour'"
		);
		await plan();
		start();
		await hooks.endpoints.resume(id);
		await settled(id, 1);
	});

	it("is one for each URL, and they are limited", async () => {
		const { url } = await register();
		await expect(register(url)).rejects.toMatchObject({ type: "DUPLICATE_WEBHOOK" });
		const both = await Promise.allSettled([
			register("https://a.example/"),
			register("https://a.example/")
		]);
		expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		const many = await Promise.allSettled(
			Array.from({ length: 60 }, (_, n) => register(`https://${n}.example/`))
		);
		expect(many.filter(({ status }) => status === "fulfilled")).toHaveLength(48);
		const [refused] = many.flatMap(one => (one.status === "rejected" ? [one.reason] : []));
		expect(refused).toMatchObject({ type: "TOO_MANY_WEBHOOKS" });
		expect(await hooks.endpoints.list()).toHaveLength(50);
	});
});

it("old deliveries are removed, and those that wait stay", async () => {
	const { id } = await register();
	await plan(2);
	const [first] = await listed(id);
	await hooks.database.rows("update webhook.delivery set created_at = now() - interval '31 days'");
	await hooks.database.rows(
		"update webhook.delivery set state = 'failed', due_at = null where id = $1",
		[first!.id]
	);
	expect(await hooks.deliveries.expire()).toBe(1);
	expect(await listed(id)).toHaveLength(1);
	await hooks.endpoints.update(id, { enabled: false });
	expect(await hooks.deliveries.expire()).toBe(1);
});
