import { config } from "../../config/index.ts";
import { webhook as contract } from "../../contracts/webhook.ts";
import type { Transaction } from "../../db/database.ts";
import { Gauges } from "../../lib/gauges.ts";
import { newId } from "../../lib/id.ts";
import { instantOf } from "../../lib/instant.ts";
import { service } from "../../lib/service.ts";
import { Consuming, type WithConsumer } from "../../mixins/consumer.mixin.ts";
import { consumerHandlers } from "../../mixins/consumer-handlers.ts";
import { Publishing, type WithOutbox } from "../../mixins/outbox.mixin.ts";
import { Postgres } from "../../mixins/postgres.mixin.ts";
import { Stream } from "../../mixins/stream.mixin.ts";
import { readOrderEvent } from "../../streams/messages/order-event-reader.ts";
import { readStaffEvent } from "../../streams/messages/staff-event-reader.ts";
import { topics } from "../../streams/messages/topics.ts";
import { DeliveryRepository } from "./deliveries/delivery.repository.ts";
import { toOutgoing, type WebhookEvent } from "./deliveries/message-body.ts";
import { WebhookSender } from "./deliveries/webhook-sender.ts";
import { EndpointRepository } from "./endpoints/endpoint.repository.ts";
import { newSecret } from "./endpoints/secret.ts";
import { targetUrl } from "./requests/target.ts";
import { WebhookClient } from "./requests/webhook-client.ts";
import { backlogGauges, countAttempt } from "./webhook.metrics.ts";
import { refill, statements, toMessage } from "./webhook.outbox.ts";

const sweepMs = 250;
/** Standard Webhooks advises 15 to 30 s; a node that stops waits for it. */
const timeoutMs = 15_000;
const readers = { [topics.orders]: readOrderEvent, [topics.notifications]: readStaffEvent };

type EventBatch = Parameters<WithConsumer<WebhookEvent>["handleEvents"]>[0];

interface This extends WithConsumer<WebhookEvent>, WithOutbox {
	endpoints: EndpointRepository;
	deliveries: DeliveryRepository;
	client: WebhookClient;
	sender: WebhookSender;
	backlogGauges: Gauges;
}

/** Sends events to other systems, as Standard Webhooks say. */
export default service<typeof contract.actions, This>(contract, {
	// The last starts first and stops last: events need the log, and both need the database.
	mixins: [
		Publishing(statements, toMessage),
		Consuming<WebhookEvent>("webhook", readers),
		Stream(),
		Postgres("webhook")
	],

	actions: {
		...consumerHandlers("missing"),

		create(ctx) {
			const { url: text, description = null, event_types, secret = newSecret() } = ctx.params;
			const url = targetUrl(text, config().webhooks.allowedNetworks);
			return this.endpoints.create({ id: newId(), url, description, event_types, secret });
		},

		async list() {
			return { data: await this.endpoints.list() };
		},

		get(ctx) {
			return this.endpoints.get(ctx.params.id);
		},

		update(ctx) {
			const { id, url, ...changes } = ctx.params;
			const target = url && targetUrl(url, config().webhooks.allowedNetworks);
			return this.endpoints.update(id, { ...changes, url: target });
		},

		remove(ctx) {
			return this.endpoints.remove(ctx.params.id);
		},

		rotateSecret(ctx) {
			const { id, secret = newSecret() } = ctx.params;
			return this.endpoints.rotate(id, secret);
		},

		async ping(ctx) {
			const { id } = ctx.params;
			await this.endpoints.resume(id);
			return this.deliveries.ping(id, newId());
		},

		async redeliverFailed(ctx) {
			const { id, from } = ctx.params;
			const since = instantOf(from, "/from");
			await this.endpoints.resume(id);
			return this.deliveries.redeliverFailed(id, since);
		},

		async "delivery.list"(ctx) {
			const { webhook_id, state, limit = 20, cursor } = ctx.params;
			// What is wrong with the request is said first.
			const page = await this.deliveries.list(webhook_id, state, limit, cursor);
			await this.endpoints.get(webhook_id);
			return page;
		},

		async "delivery.get"(ctx) {
			const { webhook_id, id } = ctx.params;
			await this.endpoints.get(webhook_id);
			return this.deliveries.get(webhook_id, id);
		},

		async "delivery.redeliver"(ctx) {
			const { webhook_id, id } = ctx.params;
			await this.endpoints.resume(webhook_id);
			return this.deliveries.redeliver(webhook_id, id);
		},

		async "outbox.refill"(ctx) {
			const { from, dry_run = false } = ctx.params;
			const since = instantOf(from, "/from");
			const [counted] = await this.pg.query<{ refilled: number }>(refill, [since, dry_run]);
			this.outbox?.nudge();
			return counted!;
		},

		ready() {
			return this.checkDatabase();
		}
	},

	methods: {
		async handleEvents({ events, again }: EventBatch, tx: Transaction) {
			await DeliveryRepository.plan(events.map(toOutgoing), again, tx);
		}
	},

	created() {
		this.endpoints = new EndpointRepository(this.pg);
		this.deliveries = new DeliveryRepository(this.pg, ({ id, reason }) => {
			this.logger.error(`webhook ${id} was disabled: ${reason}`);
			this.outbox?.nudge();
		});
	},

	started() {
		const { retryDelaysMs, allowedNetworks: allowed } = config().webhooks;
		this.client = new WebhookClient({ allowed, timeoutMs });
		this.sender = new WebhookSender({
			deliveries: this.deliveries,
			client: this.client,
			retryDelaysMs,
			everyMs: sweepMs,
			chance: Math.random,
			onError: ({ message }) => this.logger.warn("cannot send webhooks, retrying:", message),
			onSettled: ({ endpoint_id, failures }, { error }, outcome) => {
				countAttempt(this.broker, outcome);
				if (error !== null && failures === 0)
					this.logger.warn(`webhook ${endpoint_id} is failing: ${error}`);
			}
		});
		this.sender.start();
		this.backlogGauges = new Gauges(
			this.broker,
			async () => backlogGauges(await this.deliveries.backlog()),
			{ onError: ({ message }) => this.logger.debug("cannot measure waiting deliveries:", message) }
		);
		this.backlogGauges.start();
	},

	stopping: {
		// What is being sent is waited for at the end.
		stopPolling() {
			void this.sender?.stopClaiming();
		}
	},

	async stopped() {
		await Promise.all([this.sender?.stop(), this.backlogGauges?.stop()]);
		this.client?.close();
	}
});
