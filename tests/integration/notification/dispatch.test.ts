import { setTimeout as sleep } from "node:timers/promises";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { Contact } from "../../../contracts/user.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { Refused, type Channel, type Dispatch } from "../../../services/notification/channel.ts";
import type { Refusal } from "../../../services/notification/notification.decisions.ts";
import {
	Dispatcher,
	type DispatcherOptions
} from "../../../services/notification/dispatch/dispatcher.ts";
import { choiceOf, plan } from "../../../services/notification/planning.ts";
import { PostgresStore } from "../../../services/notification/storage/postgres.store.ts";
import type { StoredNotification } from "../../../services/notification/tracking-store.ts";
import { shop } from "../../support/notification/sample-dispatch.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { until } from "../../support/until.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** A provider that records what it accepts, and can be made to refuse. */
class Provider implements Channel {
	readonly maxInFlight = 16;
	readonly taken: Dispatch[] = [];
	refuse: ((dispatch: Dispatch) => Refusal | undefined) | undefined;
	latencyMs = 0;
	/** Until when it does not answer. */
	held: Promise<void> | undefined;

	async send(dispatch: Dispatch) {
		if (this.latencyMs > 0) await sleep(this.latencyMs);
		await this.held;
		const refusal = this.refuse?.(dispatch);
		if (refusal) throw new Refused(refusal);
		this.taken.push(dispatch);
		return { providerId: `p-${this.taken.length}` };
	}

	async close() {}
}

const alice: Contact = {
	id: "user-123",
	email: "alice@shop.test",
	name: "Alice",
	locale: "en" as const,
	phone: null
};
const admins: Contact[] = ["a", "b"].map(id => ({ ...alice, id, email: `${id}@shop.test` }));

let store: PostgresStore;
let provider: Provider;

const database = useDatabase("notification");

beforeAll(() => {
	store = new PostgresStore(database.db);
});

beforeEach(async () => {
	await database.rows("delete from notification.notifications");
	provider = new Provider();
});
const dispatcher = (more: Partial<DispatcherOptions> = {}) =>
	new Dispatcher({
		store,
		shop,
		everyMs: 20,
		chance: () => 1,
		channels: new Map<NotificationChannel, Channel>([["email", provider]]),
		contacts: async of => ("role" in of ? admins : [alice]),
		onError: () => undefined,
		...more
	});

const email = new Set<NotificationChannel>(["email"]);
const ports = { offered: email, choices: async () => new Map() };

/** Plans a message about each of some orders; returns their ids. */
async function planned(count: number): Promise<string[]> {
	const events = Array.from({ length: count }, () => buildOrderEvent());
	return plan(events, { store, ...ports });
}

const stateOf = async (id: string) => (await store.get(id)) as StoredNotification;
const dueNow = () =>
	database.rows("update notification.notifications set due_at = now() where state = 'pending'");

describe("the dispatcher", () => {
	it("sends planned messages once, under the id of event and channel", async () => {
		const event = buildOrderEvent();
		await plan([event, event], { store, ...ports });
		await plan([event], { store, ...ports });
		await dispatcher().sendDue();
		expect(provider.taken.map(({ id, eventId, to }) => [id, eventId, to])).toEqual([
			[derivedId(event.id, "email"), event.id, "alice@shop.test"]
		]);
		expect(await dispatcher().sendDue()).toBe(0);
		expect(await stateOf(derivedId(event.id, "email"))).toMatchObject({
			state: "sent",
			provider_id: "p-1",
			attempts: 1
		});
	});

	it("sends each of many messages once, with several nodes", async () => {
		provider.latencyMs = 3;
		const ids = await planned(200);
		const nodes = Array.from({ length: 4 }, () => dispatcher());
		for (const node of nodes) node.start();
		while ((await store.claim("email", 0, 1)).length + provider.taken.length < 200) await sleep(20);
		await Promise.all(nodes.map(node => node.stop()));
		expect(provider.taken.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
	}, 30_000);

	it("sends again, under the same id, what a crashed node has not settled", async () => {
		const [id] = await planned(1);
		const dead = {
			...store,
			claim: store.claim.bind(store),
			settle: () => new Promise<boolean>(() => undefined)
		};
		void dispatcher({ store: Object.assign(Object.create(store), dead) }).sendDue();
		while (provider.taken.length === 0) await sleep(5);
		expect(await dispatcher().sendDue()).toBe(0);
		await database.rows(
			"update notification.notifications set due_at = now(), lease_until = now()"
		);
		await dispatcher().sendDue();
		expect(provider.taken.map(({ id }) => id)).toEqual([id, id]);
		expect(await stateOf(id!)).toMatchObject({ state: "sent", attempts: 2 });
	});

	it("sends by the other channels while one hangs", async () => {
		const hanging = new Provider();
		const { promise, resolve } = Promise.withResolvers<void>();
		hanging.held = promise;
		const channels = new Map<NotificationChannel, Channel>([
			["email", hanging],
			["sms", provider]
		]);
		const phone = "+4915112345678";
		const one = dispatcher({ channels, contacts: async () => [{ ...alice, phone }] });
		const choices = async () =>
			new Map([[choiceOf(alice.id, "order_confirmation"), ["email", "sms"] as const]]);
		const events = Array.from({ length: 40 }, () => buildOrderEvent());
		await plan(events, { store, offered: new Set(["email", "sms"]), choices });
		one.start();
		try {
			await until(async () => provider.taken.length === 40, 20_000);
		} finally {
			resolve();
			await one.stop();
		}
	}, 30_000);

	it("parks permanently refused messages, with the reason but without the address", async () => {
		provider.refuse = () => ({ kind: "permanent", reason: "550 no such user alice@shop.test" });
		const [id] = await planned(1);
		await dispatcher().sendDue();
		expect(await stateOf(id!)).toMatchObject({
			state: "parked",
			reason: "550 no such user the address"
		});
	});

	it("retries later, and counts the attempt", async () => {
		provider.refuse = () => ({ kind: "temporary", reason: "421 busy" });
		const [id] = await planned(1);
		await dispatcher().sendDue();
		expect(await stateOf(id!)).toMatchObject({ state: "pending", attempts: 1, reason: "421 busy" });
		expect(await dispatcher().sendDue()).toBe(0);
		provider.refuse = undefined;
		await dueNow();
		await dispatcher().sendDue();
		expect(await stateOf(id!)).toMatchObject({ state: "sent", attempts: 2 });
	});

	it("pauses a throttled channel, and counts no attempt", async () => {
		provider.refuse = () => ({ kind: "throttled", reason: "slow down", retryAfterMs: 60_000 });
		await planned(1);
		const one = dispatcher();
		await one.sendDue();
		const asked = jest.fn();
		provider.refuse = dispatch => {
			asked(dispatch.id);
			return undefined;
		};
		const [later] = await planned(1);
		await dueNow();
		await one.sendDue();
		expect(asked).not.toHaveBeenCalled();
		expect(await stateOf(later!)).toMatchObject({ state: "pending", attempts: 0 });
	});

	it("waits, and counts no attempt, while the user service is unavailable", async () => {
		const [id] = await planned(1);
		const contacts = () => Promise.reject(new Error("away"));
		await dispatcher({ contacts }).sendDue();
		expect(await stateOf(id!)).toMatchObject({ state: "pending", attempts: 0 });
	});

	it("skips users without an address", async () => {
		const [id] = await planned(1);
		await dispatcher({ contacts: async () => [] }).sendDue();
		expect(await stateOf(id!)).toMatchObject({ state: "skipped" });
		expect(provider.taken).toEqual([]);
	});

	it("resends under another id on request", async () => {
		const [id] = await planned(1);
		await dispatcher().sendDue();
		await store.resend(id!);
		await dispatcher().sendDue();
		const ids = provider.taken.map(dispatch => dispatch.id);
		expect(ids[0]).toBe(id);
		expect(ids[1]).not.toBe(id);
		expect(await stateOf(id!)).toMatchObject({ state: "sent", resends: 1 });
	});

	it("notifies all admins of low stock, each under their own id", async () => {
		const id = newId();
		const time = new Date().toISOString();
		await store.plan([
			{
				id,
				event_id: newId(),
				channel: "email",
				kind: "low_stock",
				user_id: null,
				order_id: null,
				fact: {
					type: "product.low_stock",
					time,
					data: { product_id: "p", name: "Pen", available: 2 }
				}
			}
		]);
		await dispatcher().sendDue();
		expect(provider.taken.map(({ to }) => to)).toEqual(["a@shop.test", "b@shop.test"]);
		expect(new Set(provider.taken.map(dispatch => dispatch.id)).size).toBe(2);
	});

	it("finishes claimed messages when it is stopped", async () => {
		provider.latencyMs = 300;
		const ids = await planned(3);
		const one = dispatcher();
		one.start();
		while (
			(await database.rows("select 1 from notification.notifications where fence > 0")).length < 3
		)
			await sleep(10);
		await one.stop();
		for (const id of ids) expect(await stateOf(id)).toMatchObject({ state: "sent" });
	});
});
