import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { OrderEventData } from "../../../contracts/events.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import type {
	NewNotification,
	NotificationStore
} from "../../../services/notification/tracking-store.ts";
import { sampleOrderEvent } from "../streams/order-event-data.ts";

/** An empty store of messages, as two nodes see it. */
export interface TrackingFixture {
	store: NotificationStore;
	other: NotificationStore;
	/** Moves all times into the past. */
	age(days: number): Promise<void>;
	close(): Promise<void>;
}

const anHour = 3_600_000;

export function message(
	user_id = `user-${randomUUID()}`,
	at = new Date(),
	more: Partial<OrderEventData> = {}
): NewNotification {
	const data = { user_id, ...more };
	const event = sampleOrderEvent("order.confirmed", data, { id: newId(), time: at.toISOString() });
	const { id: event_id, type, time } = event;
	return {
		id: derivedId(event_id, "email"),
		event_id,
		channel: "email",
		kind: "order_confirmation",
		user_id,
		order_id: event.data.order_id,
		fact: { type, time, data: event.data }
	};
}

/** Tests that every store of messages must pass. */
export function trackingConformance(name: string, open: () => Promise<TrackingFixture>): void {
	describe(`messages in ${name}`, () => {
		let fixture: TrackingFixture;
		let store: NotificationStore;

		beforeEach(async () => {
			fixture = await open();
			store = fixture.store;
		}, 60_000);
		afterEach(() => fixture?.close());

		/** A message that `store` has claimed. */
		async function taken(leaseMs = anHour) {
			const planned = message();
			await store.plan([planned]);
			const claim = (await store.claimOne(planned.id, leaseMs))!;
			expect(claim).toBeDefined();
			return { planned, claim };
		}

		it("returns what was planned", async () => {
			const planned = { ...message(), order_id: null, user_id: null };
			await expect(store.plan([planned])).resolves.toEqual([planned.id]);
			await expect(store.get(planned.id)).resolves.toEqual({
				...planned,
				state: "pending",
				attempts: 0,
				resends: 0,
				reason: null,
				provider_id: null,
				sent_at: null,
				occurred_at: new Date(planned.fact.time),
				created_at: expect.any(Date),
				updated_at: expect.any(Date)
			});
			await expect(store.get(randomUUID())).resolves.toBeUndefined();
		});

		it("stores each event and channel once, even if it is planned by several nodes", async () => {
			const planned = [message(), message()];
			const rounds = await Promise.all([
				store.plan(planned),
				fixture.other.plan([...planned].reverse()),
				store.plan(planned)
			]);
			expect(rounds.flat().sort()).toEqual(planned.map(({ id }) => id).sort());
			const claims = await store.claim("email", 10, anHour);
			await store.settle(claims[0]!, { state: "sent", providerId: "p-1" });
			await expect(store.plan(planned)).resolves.toEqual([]);
			await expect(store.get(claims[0]!.id)).resolves.toMatchObject({ state: "sent" });
			await expect(store.plan([])).resolves.toEqual([]);
		});

		it("lets one node claim a message until its lease expires", async () => {
			const planned = Array.from({ length: 20 }, () => message());
			await store.plan(planned);
			const both = await Promise.all([
				store.claim("email", 20, anHour),
				fixture.other.claim("email", 20, anHour)
			]);
			const ids = both.flat().map(({ id }) => id);
			expect(new Set(ids).size).toBe(ids.length);
			const rest = await store.claim("email", 20, anHour);
			expect(ids.length + rest.length).toBe(20);
			await expect(fixture.other.claim("email", 20, anHour)).resolves.toEqual([]);
			await expect(fixture.other.claimOne(planned[0]!.id, anHour)).resolves.toBeUndefined();
		});

		it("claims no more than requested", async () => {
			await store.plan([message(), message(), message()]);
			await expect(store.claim("email", 2, anHour)).resolves.toHaveLength(2);
		});

		it("lets no node settle a message that another has claimed since", async () => {
			const { planned, claim: slow } = await taken(0);
			const second = (await fixture.other.claimOne(planned.id, anHour))!;
			expect(second).toMatchObject({ ...planned, attempts: 2, fence: slow.fence + 1 });
			await expect(store.settle(slow, { state: "parked", reason: "late" })).resolves.toBe(false);
			const sent = { state: "sent", providerId: "p-2" } as const;
			await expect(fixture.other.settle(second, sent)).resolves.toBe(true);
			await expect(fixture.other.settle(second, sent)).resolves.toBe(false);
			await expect(store.get(planned.id)).resolves.toMatchObject({
				state: "sent",
				provider_id: "p-2",
				attempts: 2,
				reason: null,
				sent_at: expect.any(Date)
			});
			await expect(store.claim("email", 10, 0)).resolves.toEqual([]);
		});

		it.each(["skipped", "parked"] as const)("never sends a message that is %s", async state => {
			const { planned, claim } = await taken();
			await expect(store.settle(claim, { state, reason: "because" })).resolves.toBe(true);
			await expect(store.get(planned.id)).resolves.toMatchObject({
				state,
				reason: "because",
				attempts: 1,
				provider_id: null,
				sent_at: null
			});
			await expect(store.claim("email", 10, 0)).resolves.toEqual([]);
		});

		it("reschedules a message, and counts the attempt if it was one", async () => {
			const { planned, claim } = await taken();
			const wait = { state: "pending", inMs: anHour, reason: "busy" } as const;
			await store.settle(claim, { ...wait, counted: true });
			await expect(store.claim("email", 10, anHour)).resolves.toEqual([]);
			await expect(store.get(planned.id)).resolves.toMatchObject({
				state: "pending",
				reason: "busy",
				attempts: 1
			});
			await store.resend(planned.id);
			const again = (await store.claimOne(planned.id, anHour))!;
			expect(again.attempts).toBe(2);
			await store.settle(again, { ...wait, inMs: 0, counted: false });
			await expect(store.claimOne(planned.id, anHour)).resolves.toMatchObject({ attempts: 2 });
		});

		it("claims messages of one channel, whatever others have waiting", async () => {
			const toTopic = { ...message(), channel: "sns_topic" } as const;
			await store.plan([message(), message(), toTopic]);
			await expect(store.claim("sms", 10, anHour)).resolves.toEqual([]);
			await expect(store.claim("sns_topic", 10, anHour)).resolves.toMatchObject([toTopic]);
			await expect(store.claim("email", 10, anHour)).resolves.toHaveLength(2);
			await store.resend(toTopic.id);
			await expect(fixture.other.claim("sns_topic", 10, anHour)).resolves.toEqual([]);
		});

		it("counts what is due by channel, and not what was rescheduled", async () => {
			const counts = async () =>
				Object.fromEntries((await store.backlog()).map(one => [one.channel, one.count]));
			expect(await counts()).toEqual({ email: 0, sms: 0, sns_topic: 0 });
			const { claim } = await taken();
			await store.plan([message(), message(), { ...message(), channel: "sms" }]);
			await store.settle(claim, { state: "pending", inMs: anHour, counted: true, reason: null });
			expect(await counts()).toEqual({ email: 2, sms: 1, sns_topic: 0 });
			await sleep(20);
			for (const { count, seconds } of await store.backlog()) expect(seconds > 0).toBe(count > 0);
		});

		it("settles a message that waits for a fraction of a millisecond, beside others", async () => {
			await store.plan([message(), message()]);
			const [late, sent] = await store.claim("email", 2, anHour);
			const wait = { state: "pending", inMs: 2099.84, counted: false, reason: "busy" } as const;
			const settled = [
				store.settle(late!, wait),
				store.settle(sent!, { state: "sent", providerId: "p" })
			];
			await expect(Promise.all(settled)).resolves.toEqual([true, true]);
		});

		it("settles many messages at once, each by its own outcome", async () => {
			const planned = Array.from({ length: 70 }, () => message());
			await store.plan(planned);
			const claims = await store.claim("email", 70, anHour);
			const settled = await Promise.all(
				claims.map((claim, n) => {
					const late = n % 7 === 6 ? { ...claim, fence: claim.fence - 1 } : claim;
					return store.settle(late, { state: "sent", providerId: `p-${n}` });
				})
			);
			expect(settled).toEqual(claims.map((_, n) => n % 7 !== 6));
			for (const [n, { id }] of claims.entries())
				await expect(store.get(id)).resolves.toMatchObject(
					settled[n] ? { state: "sent", provider_id: `p-${n}` } : { state: "pending" }
				);
		});

		it("resends a settled message, and counts the resend", async () => {
			const { planned, claim } = await taken();
			await store.settle(claim, { state: "sent", providerId: "p-1" });
			await expect(store.resend(planned.id)).resolves.toMatchObject({
				state: "pending",
				resends: 1,
				attempts: 0,
				provider_id: null
			});
			await expect(store.resend(planned.id)).resolves.toMatchObject({ resends: 1 });
			await expect(store.claimOne(planned.id, anHour)).resolves.toMatchObject({
				resends: 1,
				attempts: 1
			});
			await expect(store.resend(randomUUID())).resolves.toBeUndefined();
		});

		it("leaves a claimed message to its node, even if it is to be resent", async () => {
			const { planned } = await taken();
			await expect(store.resend(planned.id)).resolves.toMatchObject({ state: "pending" });
			await expect(fixture.other.claimOne(planned.id, anHour)).resolves.toBeUndefined();
		});

		it("shows users only their own messages", async () => {
			const [mine, foreign] = [message("user-a"), message("user-b")];
			await store.plan([mine, foreign]);
			await expect(store.get(mine.id, "user-a")).resolves.toMatchObject({ id: mine.id });
			await expect(store.get(foreign.id, "user-a")).resolves.toBeUndefined();
			const ids = async (owner?: string) =>
				(await store.list(owner, undefined, 10)).map(({ id }) => id);
			await expect(ids("user-a")).resolves.toEqual([mine.id]);
			expect((await ids()).sort()).toEqual([mine.id, foreign.id].sort());
		});

		it.each(["user-a", undefined])("lists those of %s in pages, newest first", async owner => {
			const start = Date.now() - 10_000;
			const planned = [3, 1, 1, 2, 5, 4].map(s => message("user-a", new Date(start + s * 1000)));
			await store.plan(planned);
			const seen: string[] = [];
			for (let page = await store.list(owner, undefined, 4); page.length > 0;) {
				seen.push(...page.map(({ id }) => id));
				const { occurred_at: at, id } = page.at(-1)!;
				page = await store.list(owner, { at, id }, 4);
			}
			const byTime = planned.toSorted(
				(a, b) => b.fact.time.localeCompare(a.fact.time) || (a.id < b.id ? 1 : -1)
			);
			expect(seen).toEqual(byTime.map(({ id }) => id));
		});

		it("lists and claims as many as requested, even if they are large", async () => {
			const shipment = { carrier: "x".repeat(20_000), tracking_number: "1" };
			const one = () => message("user-a", new Date(), { shipment });
			const large = Array.from({ length: 100 }, one);
			for (let n = 0; n < large.length; n += 20) await store.plan(large.slice(n, n + 20));
			const ids = (found: { id: string }[]) => new Set(found.map(({ id }) => id)).size;
			for (const owner of ["user-a", undefined])
				for (const limit of [100, 70])
					expect(ids(await store.list(owner, undefined, limit))).toBe(limit);
			expect(ids(await store.claim("email", 100, anHour))).toBe(100);
		}, 60_000);

		it("sends nothing that is 90 days old, and deletes messages after that time", async () => {
			const old = message("user-a", new Date(Date.now() - 91 * 86_400_000));
			await expect(store.plan([old])).resolves.toEqual([]);
			const { planned, claim } = await taken();
			await store.settle(claim, { state: "sent", providerId: "p" });
			await fixture.age(89);
			await store.expire();
			await expect(store.get(planned.id)).resolves.toBeDefined();
			await fixture.age(2);
			await store.expire();
			await expect(store.get(planned.id)).resolves.toBeUndefined();
			await expect(store.list(undefined, undefined, 10)).resolves.toEqual([]);
		});
	});
}
