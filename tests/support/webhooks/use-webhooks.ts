import type { WebhookEventType } from "../../../contracts/webhook.ts";
import { newId } from "../../../lib/id.ts";
import { Networks } from "../../../lib/addresses/network.ts";
import { DeliveryRepository } from "../../../services/webhook/deliveries/delivery.repository.ts";
import { toOutgoing } from "../../../services/webhook/deliveries/message-body.ts";
import {
	WebhookSender,
	type SenderOptions
} from "../../../services/webhook/deliveries/webhook-sender.ts";
import { EndpointRepository } from "../../../services/webhook/endpoints/endpoint.repository.ts";
import { newSecret } from "../../../services/webhook/endpoints/secret.ts";
import { WebhookClient } from "../../../services/webhook/requests/webhook-client.ts";
import { buildOrderEvent } from "../streams/order-message.ts";
import { useDatabase } from "../servers/use-database.ts";
import { until } from "../until.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

const allowed = new Networks(["127.0.0.1"]);

/** Webhooks to a real server, from a real database, for all tests of a file: each test begins with none. */
export function useWebhooks() {
	const database = useDatabase("webhook");
	const disabled: { id: string; reason: string }[] = [];
	let receiver: Receiver;
	let endpoints: EndpointRepository;
	let deliveries: DeliveryRepository;
	let running: WebhookSender[] = [];

	beforeAll(() => {
		endpoints = new EndpointRepository(database.db);
		deliveries = new DeliveryRepository(database.db, endpoint => disabled.push(endpoint));
	});

	beforeEach(async () => {
		await database.rows(
			"truncate webhook.endpoint, webhook.delivery, webhook.attempt, webhook.outbox"
		);
		disabled.length = 0;
		receiver = await openReceiver();
	});

	afterEach(async () => {
		await Promise.all(running.map(sender => sender.stop()));
		running = [];
		await receiver.close();
	});

	async function register(
		url = receiver.url,
		event_types: WebhookEventType[] = ["order.confirmed"]
	) {
		const endpoint = { id: newId(), url, description: null, event_types, secret: newSecret() };
		return endpoints.create(endpoint);
	}

	/** Events of now, planned as the consumer does. */
	async function plan(count = 1, again = false) {
		const events = Array.from({ length: count }, () => {
			const event = buildOrderEvent({ type: "order.confirmed" });
			return { ...event, time: new Date(Date.now() + 1000).toISOString() };
		});
		await replan(events, again);
		return events;
	}

	const replan = (events: ReturnType<typeof buildOrderEvent>[], again: boolean) =>
		database.db.transaction(tx => DeliveryRepository.plan(events.map(toOutgoing), again, tx));

	function start(more: Partial<SenderOptions> = {}): WebhookSender {
		const sender = new WebhookSender({
			deliveries,
			client: new WebhookClient({ allowed, timeoutMs: 1000 }),
			retryDelaysMs: [20, 20],
			everyMs: 20,
			chance: () => 1,
			onError: () => undefined,
			...more
		});
		sender.start();
		running.push(sender);
		return sender;
	}

	const listed = async (webhookId: string) =>
		(await deliveries.list(webhookId, undefined, 200, undefined)).data;
	const settled = (webhookId: string, count: number) =>
		until(async () => {
			const all = await listed(webhookId);
			const done = all.filter(({ state }) => state !== "pending");
			return done.length === count ? all : undefined;
		});
	const failing = (status: number, headers = {}) => {
		receiver.answer = response => void response.writeHead(status, headers).end("not now");
	};

	return {
		database,
		/** Endpoints that were disabled by their failures. */
		disabled,
		register,
		plan,
		replan,
		start,
		/** Those that were started in this test. */
		senders: () => running,
		listed,
		settled,
		failing,
		get receiver() {
			return receiver;
		},
		get endpoints() {
			return endpoints;
		},
		get deliveries() {
			return deliveries;
		}
	};
}
