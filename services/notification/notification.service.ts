import { config } from "../../config/index.ts";
import {
	notification as contract,
	type NotificationChannel
} from "../../contracts/notification.ts";
import { staff } from "../../contracts/roles.ts";
import { user, type Contact } from "../../contracts/user.ts";
import type { Transaction } from "../../db/database.ts";
import { requireRole } from "../../lib/access.ts";
import { Gauges } from "../../lib/gauges.ts";
import { identityOf, ownerScope } from "../../lib/identity.ts";
import { call, service } from "../../lib/service.ts";
import { Consuming, type WithConsumer } from "../../mixins/consumer.mixin.ts";
import { consumerHandlers } from "../../mixins/consumer-handlers.ts";
import { Postgres } from "../../mixins/postgres.mixin.ts";
import { Stream } from "../../mixins/stream.mixin.ts";
import { readOrderEvent } from "../../streams/messages/order-event-reader.ts";
import { readStaffEvent } from "../../streams/messages/staff-event-reader.ts";
import { InboxRepository } from "../../streams/consumer/storage/inbox.repository.ts";
import { topics } from "../../streams/messages/topics.ts";
import type { Channel } from "./channel.ts";
import { openChannels } from "./channels/channel.factory.ts";
import { Dispatcher } from "./dispatch/dispatcher.ts";
import { MailboxStore } from "./channels/mailbox-store.ts";
import { Messages } from "./messages.ts";
import { backlogGauges, countMessage } from "./notification.metrics.ts";
import { plan, type NotifiableEvent, type Ports } from "./planning.ts";
import { PreferenceStore } from "./preferences.ts";
import { PostgresStore, type Queryable } from "./storage/postgres.store.ts";
import type { NotificationStore } from "./tracking-store.ts";
import { openStore } from "./storage/store.factory.ts";

const sweepMs = 250;
const readers = { [topics.orders]: readOrderEvent, [topics.notifications]: readStaffEvent };

type Of = { ids: string[] } | { role: "admin" };
type EventBatch = Parameters<WithConsumer<NotifiableEvent>["handleEvents"]>[0];

interface This extends WithConsumer<NotifiableEvent> {
	/** Set by `created()`, because events may arrive before the service has started. */
	opened: Promise<{
		store: NotificationStore;
		channels: ReadonlyMap<NotificationChannel, Channel>;
	}>;
	dispatcher: Dispatcher;
	backlogGauges: Gauges;
	messages: Messages;
	preferences: PreferenceStore;
	mailbox: MailboxStore;
	inbox: InboxRepository;
	open(): This["opened"];
	plan(
		events: readonly NotifiableEvent[],
		db: Queryable,
		ports: Pick<Ports, "store" | "again" | "suppressed">
	): Promise<unknown>;
	contacts(of: Of): Promise<Contact[]>;
}

/** Sends messages to customers and staff about orders, low stock and disabled webhooks, as the events say. */
export default service<typeof contract.actions, This>(contract, {
	// The last starts first and stops last: events need the log, and both need the database.
	mixins: [Consuming<NotifiableEvent>("notification", readers), Stream(), Postgres("notification")],

	actions: {
		...consumerHandlers("missing"),

		list(ctx) {
			const { limit = 20, cursor, user_id } = ctx.params;
			const own = ownerScope(ctx.meta);
			if (user_id !== undefined && user_id !== own) requireRole(identityOf(ctx.meta), staff);
			const of = { owner: own ?? user_id, isForStaff: own === undefined };
			return this.messages.list(of, limit, cursor);
		},

		get(ctx) {
			return this.messages.get(ctx.params.id, ownerScope(ctx.meta));
		},

		resend(ctx) {
			return this.messages.resend(ctx.params.id);
		},

		preview(ctx) {
			return this.messages.preview(ctx.params.id);
		},

		"preferences.get"(ctx) {
			return this.preferences.get(identityOf(ctx.meta).id);
		},

		"preferences.set"(ctx) {
			return this.preferences.set(identityOf(ctx.meta).id, ctx.params);
		},

		async "mailbox.list"(ctx) {
			return { data: await this.mailbox.list(ctx.params.limit) };
		},

		async waiting() {
			const { store } = await this.opened;
			const found = await store.backlog();
			return { data: found.map(({ seconds, ...rest }) => ({ ...rest, oldest_s: seconds })) };
		},

		"mailbox.get"(ctx) {
			return this.mailbox.get(ctx.params.id);
		},

		ready() {
			return this.checkDatabase();
		}
	},

	methods: {
		/** If messages are stored elsewhere, they are planned before the events are recorded in the inbox. */
		async prepareEvents(events: readonly NotifiableEvent[], again: boolean) {
			const { store } = await this.opened;
			if (store instanceof PostgresStore) return;
			const suppressed = (ids: readonly string[]) => this.inbox.suppressed(ids);
			await this.plan(events, this.pg, { store, again, suppressed });
		},

		async handleEvents({ events, again }: EventBatch, tx: Transaction) {
			const { store } = await this.opened;
			if (store instanceof PostgresStore)
				await this.plan(events, tx, { store: new PostgresStore(tx), again });
		},

		async plan(
			events: readonly NotifiableEvent[],
			db: Queryable,
			ports: Pick<Ports, "store" | "again" | "suppressed">
		) {
			const offered = new Set((await this.opened).channels.keys());
			const preferences = new PreferenceStore(db);
			return plan(events, { ...ports, offered, choices: ids => preferences.choices(ids) });
		},

		async contacts(of: Of): Promise<Contact[]> {
			return (await call(this.broker, user.actions.contacts, of)).contacts;
		},

		async open() {
			const onError = ({ message }: Error) => this.logger.warn("a channel:", message);
			const channels = await openChannels({ onError }, this.mailbox);
			return { channels, store: await openStore(this.pg) };
		}
	},

	created() {
		this.preferences = new PreferenceStore(this.pg);
		this.mailbox = new MailboxStore(this.pg);
		this.inbox = new InboxRepository(this.pg, "notification");
		this.opened = this.open();
		// Only a caller that waits for the response gets this error.
		this.opened.catch(() => undefined);
	},

	async started() {
		const { store, channels } = await this.opened;
		const { shop } = config();
		const contacts = (of: Of) => this.contacts(of);
		this.messages = new Messages({ store, shop, contacts });
		this.dispatcher = new Dispatcher({
			store,
			channels,
			shop,
			contacts,
			everyMs: sweepMs,
			chance: Math.random,
			onError: ({ message }) => this.logger.warn("cannot send messages, retrying:", message),
			onSettled: (claim, outcome) => countMessage(this.broker, claim, outcome)
		});
		this.dispatcher.start();
		this.backlogGauges = new Gauges(this.broker, async () => backlogGauges(await store.backlog()), {
			onError: ({ message }) => this.logger.debug("cannot measure waiting messages:", message)
		});
		this.backlogGauges.start();
	},

	stopping: {
		// What is being sent is waited for at the end: a mail server may take 15 s.
		stopPolling() {
			void this.dispatcher?.stop();
		}
	},

	async stopped() {
		await Promise.all([this.dispatcher?.stop(), this.backlogGauges?.stop()]);
		const opened = await this.opened.catch(() => undefined);
		opened?.store.close();
		for (const channel of opened?.channels.values() ?? []) await channel.close();
	}
});
