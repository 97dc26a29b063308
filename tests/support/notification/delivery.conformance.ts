import { randomUUID } from "node:crypto";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { derivedId } from "../../../lib/id.ts";
import type { StoredNotification } from "../../../services/notification/tracking-store.ts";
import { neverReplayed } from "../../../streams/consumer/storage/inbox.repository.ts";
import { topics } from "../../../streams/messages/topics.ts";
import type { TopicMessage } from "../lambda/source-events.ts";
import type { TestDatabase } from "../servers/database.ts";
import { buildOrderEvent } from "../streams/order-message.ts";
import { buildWebhookDisabled, webhookDisabledMessage } from "../streams/webhook-event.ts";
import { until } from "../until.ts";
import type { MessageAws } from "./message-aws.ts";

/** What turns events into messages: nodes with a consumer, or a function. */
export interface DeliveryFixture {
	readonly aws: MessageAws;
	readonly database: TestDatabase;
	/** Delivers them together. Returns how many the source keeps, to deliver them again. */
	deliver(messages: readonly TopicMessage[]): Promise<number>;
	/** Has due messages sent, if that does not happen by itself. */
	sendDue(): Promise<void>;
	/** Reasons of the messages that were dead-lettered since the last call. */
	deadLettered(): Promise<string[]>;
	/** Stops or starts the nodes that know addresses. */
	offerContacts(isOffered: boolean): Promise<void>;
	/** The key of a message is lost on the way, so that no key is wrong. */
	readonly isKeyless?: boolean;
	/** The source keeps messages while the table is away, instead of handling them when it is back. */
	readonly keeps: boolean;
}

const withinMs = 30_000;
const phone = "+4915112345678";
const confirmed = "order_confirmation";

/** A customer of their own for each test. */
interface Customer {
	id: string;
	email: string;
}

/** The event as a message of its topic. */
export const messageOf = (
	event: OrderStreamEvent,
	value = JSON.stringify(event)
): TopicMessage => ({
	topic: topics.orders,
	key: event.partitionkey,
	value
});

const idOf = (event: { id: string }, channel: NotificationChannel) =>
	derivedId(event.id, channel === "sns_topic" ? "cascade" : channel);

/** Tests that everything that turns events into messages must pass. */
export function deliveryConformance(name: string, open: () => DeliveryFixture): void {
	describe(`messages about events, by ${name}`, () => {
		let aws: MessageAws;
		let fixture: DeliveryFixture;

		beforeAll(() => {
			fixture = open();
			aws = fixture.aws;
		});
		afterEach(async () => void (await aws.published()));

		async function newCustomer(channels?: readonly string[]): Promise<Customer> {
			const id = `user-${randomUUID()}`;
			const email = `${id}@shop.test`;
			await fixture.database.rows(
				`insert into users.users (id, email, name, role, password_hash, phone)
				select $1, $2, 'Zoë', 'customer', password_hash, $3 from users.users where id = 'user-123'`,
				[id, email, phone]
			);
			if (channels)
				await fixture.database.rows(
					"insert into notification.preferences (user_id, kind, channels) values ($1, $2, $3)",
					[id, confirmed, channels]
				);
			return { id, email };
		}

		const stateOf = (event: { id: string }, channel: NotificationChannel = "email") =>
			aws.store.get(idOf(event, channel));

		/** The message, once it is as wanted. */
		function reached(
			event: { id: string },
			wanted: Partial<StoredNotification>,
			channel: NotificationChannel = "email"
		): Promise<StoredNotification> {
			return until(async () => {
				await fixture.sendDue();
				const found = await stateOf(event, channel);
				const is = Object.entries(wanted).every(
					([member, value]) => found?.[member as keyof StoredNotification] === value
				);
				return is ? found : undefined;
			}, withinMs);
		}

		it("are one for each event and channel, each sent once", async () => {
			const { id: user_id, email } = await newCustomer(["email", "sms"]);
			const event = buildOrderEvent({ user_id });
			expect(await fixture.deliver([messageOf(event)])).toBe(0);
			for (const channel of ["email", "sms", "sns_topic"] as const)
				await reached(event, { state: "sent", attempts: 1, kind: confirmed, user_id }, channel);
			expect(await aws.mailsTo(email)).toEqual([idOf(event, "email")]);
			const texts = await aws.textsTo(phone);
			expect(texts.filter(text => text.includes(event.data.order_id.slice(-8)))).toHaveLength(1);
			const copies = (await aws.published()).filter(({ event_id }) => event_id === event.id);
			expect(copies.map(({ id }) => id)).toEqual([idOf(event, "sns_topic")]);
			const rows = await aws.store.list(user_id, undefined, 10);
			expect(rows.map(({ channel }) => channel).toSorted()).toEqual(["email", "sms", "sns_topic"]);
		}, 60_000);

		it("are none by a channel that the customer does not want", async () => {
			const { id: user_id } = await newCustomer([]);
			const event = buildOrderEvent({ user_id });
			await fixture.deliver([messageOf(event)]);
			await reached(event, { state: "sent" }, "sns_topic");
			expect(await stateOf(event)).toBeUndefined();
		}, 60_000);

		it("are sent once for an event that comes again, and twice in one batch", async () => {
			const { id: user_id, email } = await newCustomer();
			const event = buildOrderEvent({ user_id });
			const twice = [messageOf(event), messageOf(event)];
			expect(await fixture.deliver(twice)).toBe(0);
			await reached(event, { state: "sent" });
			expect(await fixture.deliver(twice)).toBe(0);
			const next = buildOrderEvent({ user_id });
			await fixture.deliver([messageOf(next)]);
			await reached(next, { state: "sent" });
			expect(await aws.mailsTo(email)).toEqual([event, next].map(one => idOf(one, "email")));
		}, 60_000);

		it("are sent about the good events of a batch with a bad one", async () => {
			const { id: user_id, email } = await newCustomer();
			const events = [1, 2, 3].map(() => buildOrderEvent({ user_id }));
			const [first, ...others] = events.map(event => messageOf(event));
			const bad = { ...first!, value: "{ not json" };
			await fixture.deadLettered();
			expect(await fixture.deliver([first!, bad, ...others])).toBe(0);
			for (const event of events) await reached(event, { state: "sent" });
			expect(await aws.mailsTo(email)).toHaveLength(3);
			const reasons = await until(async () => {
				const found = await fixture.deadLettered();
				return found.length > 0 ? found : undefined;
			}, withinMs);
			expect(reasons).toEqual(["not-json"]);
		}, 60_000);

		const good = (): OrderStreamEvent => buildOrderEvent();
		const having = (over: object) => JSON.stringify({ ...good(), ...over });
		const bad: [what: string, value: string, reason: string][] = [
			["of an unknown type", having({ type: "order.eaten" }), "unknown-type"],
			["without an id", having({ id: undefined }), "invalid"],
			["of 1970", having({ time: "1970-01-01T00:00:00.000Z" }), "time-too-old"],
			[
				"of next year",
				having({ time: new Date(Date.now() + 3e10).toISOString() }),
				"time-in-future"
			],
			["about an order of another customer", having({ partitionkey: "user-1" }), "wrong-key"]
		];

		it.each(bad)(
			"are none about an event %s, which is dead-lettered",
			async (_, value, reason) => {
				const { id: user_id } = await newCustomer();
				const next = buildOrderEvent({ user_id });
				await fixture.deadLettered();
				expect(
					await fixture.deliver([
						{ topic: topics.orders, key: good().partitionkey, value },
						messageOf(next)
					])
				).toBe(0);
				await reached(next, { state: "sent" });
				expect(await until(fixture.deadLettered, withinMs)).toEqual([reason]);
			},
			60_000
		);

		it("are tried again, under the same id, when the provider refuses for now", async () => {
			const { id: user_id, email } = await newCustomer();
			const event = buildOrderEvent({ user_id });
			aws.refuseMail("MessageRejected", "Email address is not verified.");
			try {
				expect(await fixture.deliver([messageOf(event)])).toBe(0);
				const reason = await until(async () => {
					await fixture.sendDue();
					return (await stateOf(event))?.reason;
				}, withinMs);
				expect(reason).toMatch(/not verified/i);
				expect(await stateOf(event)).toMatchObject({ state: "pending", attempts: 1 });
			} finally {
				aws.refuseMail();
			}
			expect(await aws.mailsTo(email)).toEqual([]);
			await aws.store.resend(idOf(event, "email"));
			await reached(event, { state: "sent", attempts: 2, resends: 0 });
			expect(await aws.mailsTo(email)).toEqual([idOf(event, "email")]);
		}, 60_000);

		it("are not tried again when the provider will never take them", async () => {
			const { id: user_id, email } = await newCustomer();
			const [event, next] = [buildOrderEvent({ user_id }), buildOrderEvent({ user_id })];
			aws.refuseMail("MessageRejected", "Address blacklisted.");
			try {
				expect(await fixture.deliver([messageOf(event)])).toBe(0);
				await reached(event, { state: "parked", attempts: 1 });
			} finally {
				aws.refuseMail();
			}
			await fixture.deliver([messageOf(next)]);
			await reached(next, { state: "sent" });
			expect(await aws.mailsTo(email)).toEqual([idOf(next, "email")]);
		}, 60_000);

		it("cost no attempt when there were too many at once", async () => {
			const { id: user_id, email } = await newCustomer();
			const event = buildOrderEvent({ user_id });
			aws.refuseMail("Throttling", "Maximum sending rate exceeded.");
			try {
				expect(await fixture.deliver([messageOf(event)])).toBe(0);
				const reason = await until(async () => {
					await fixture.sendDue();
					return (await stateOf(event))?.reason;
				}, withinMs);
				expect(reason).toMatch(/too many|Throttling/);
			} finally {
				aws.refuseMail();
			}
			await reached(event, { state: "sent", attempts: 1 });
			expect(await aws.mailsTo(email)).toHaveLength(1);
		}, 60_000);

		it("wait, and cost no attempt, while no node knows the address", async () => {
			const { id: user_id, email } = await newCustomer();
			const event = buildOrderEvent({ user_id });
			await fixture.offerContacts(false);
			try {
				expect(await fixture.deliver([messageOf(event)])).toBe(0);
				await reached(event, {
					state: "pending",
					attempts: 0,
					reason: "the address could not be read"
				});
			} finally {
				await fixture.offerContacts(true);
			}
			await reached(event, { state: "sent", attempts: 1 });
			expect(await aws.mailsTo(email)).toHaveLength(1);
		}, 90_000);

		it("are not lost while the table is away", async () => {
			const { id: user_id, email } = await newCustomer();
			const events = [1, 2].map(() => buildOrderEvent({ user_id }));
			const messages = events.map(event => messageOf(event));
			await aws.deleteTable();
			let kept: number;
			try {
				kept = await fixture.deliver(messages);
			} finally {
				await aws.createTable();
			}
			expect(kept > 0).toBe(fixture.keeps);
			if (fixture.keeps) expect(await fixture.deliver(messages)).toBe(0);
			for (const event of events) await reached(event, { state: "sent" });
			expect(await aws.mailsTo(email)).toHaveLength(2);
		}, 90_000);

		it("are none about an event that a restored database suppresses", async () => {
			const { id: user_id, email } = await newCustomer();
			const [event, next] = [buildOrderEvent({ user_id }), buildOrderEvent({ user_id })];
			await fixture.database.rows(
				"insert into notification.inbox (event_id, replay) values ($1, $2)",
				[event!.id, neverReplayed]
			);
			await fixture.deliver([messageOf(event!), messageOf(next!)]);
			await reached(next!, { state: "sent" });
			expect(await stateOf(event!)).toBeUndefined();
			expect(await aws.mailsTo(email)).toHaveLength(1);
		}, 60_000);

		it("go to all admins about a disabled webhook", async () => {
			const event = buildWebhookDisabled();
			const { key, value, headers = {} } = webhookDisabledMessage(event);
			const before = (await aws.mailsTo("admin@shop.test")).length;
			await fixture.deliver([{ topic: topics.notifications, key, value, headers }]);
			await reached(event, { state: "sent", kind: "webhook_disabled", user_id: null });
			expect(await aws.mailsTo("admin@shop.test")).toHaveLength(before + 1);
		}, 60_000);
	});
}
