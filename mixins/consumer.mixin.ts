import { setTimeout as delay } from "node:timers/promises";
import type { ServiceSchema } from "moleculer";
import type { OrderStreamEvent } from "../contracts/events.ts";
import { backoffMs } from "../lib/backoff.ts";
import { mixin } from "../lib/service.ts";
import { Consumer, type ConsumerOptions } from "../streams/consumer.ts";
import { readOrderEvent } from "../streams/order-events.ts";
import { topics } from "../streams/topics.ts";
import type { WithPostgres } from "./postgres.mixin.ts";
import type { WithStream } from "./stream.mixin.ts";

/** What the mixin adds to a service that has Postgres and Stream. */
export interface WithOrderEvents extends WithPostgres, WithStream {
	/** Of the service: what comes of events, in the transaction that records that they were handled. */
	handleEvents: ConsumerOptions<OrderStreamEvent>["handle"];
	/** Of the service, where it must ask others before. */
	prepareEvents?: ConsumerOptions<OrderStreamEvent>["prepare"];
	consumer: Consumer<OrderStreamEvent>;
	closing: AbortController;
	consuming: Promise<void>;
}

/**
 * Feeds the order events to a service's `handleEvents`, each once.
 * @param schema the service's, with the tables inbox, position and dead_letter; also its group's name
 */
export function OrderEvents(schema: string): Partial<ServiceSchema> {
	return mixin<WithOrderEvents>({
		async started() {
			this.closing = new AbortController();
			const { prepareEvents } = this;
			this.consumer = new Consumer({
				driver: this.stream,
				db: this.pg,
				schema,
				group: schema,
				topics: [topics.orders],
				read: readOrderEvent,
				handle: (work, tx) => this.handleEvents(work, tx),
				...(prepareEvents && { prepare: events => prepareEvents.call(this, events) }),
				onError: error => this.logger.warn("events wait to be handled:", error.message),
				onParked: ({ topic, partition, offset, reason, detail }) =>
					this.logger.error(`put aside ${topic} ${partition}@${offset}: ${reason}: ${detail}`),
				onStuck: words => this.broker.fatal(words)
			});
			// Not awaited: the service works without the log, and gets its events when that is there.
			this.consuming = begin(this);
		},

		async stopped() {
			this.closing?.abort();
			await this.consuming;
			await this.consumer?.stop();
		}
	});
}

async function begin(service: WithOrderEvents): Promise<void> {
	const { signal } = service.closing;
	for (let failures = 0; !signal.aborted; failures++)
		try {
			await service.createTopics();
			return await service.consumer.start();
		} catch (error) {
			service.logger.warn("the log is away:", (error as Error).message);
			const ms = backoffMs(failures + 1, 200, 5000);
			await delay(ms, undefined, { signal }).catch(() => undefined);
		}
}
