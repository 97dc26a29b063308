import type { ServiceSchema } from "moleculer";
import { consumerMoved } from "../contracts/streams.ts";
import { Gauges } from "../lib/gauges.ts";
import { reconnectPauseMs, retry } from "../lib/retry.ts";
import { onHint, mixin, broadcastHint } from "../lib/service.ts";
import { Consumer, type ConsumerOptions, type StreamEvent } from "../streams/consumer/consumer.ts";
import { OffsetLost, type Message } from "../streams/driver.ts";
import { DeadLetterAdmin } from "../streams/consumer/dead-letter.admin.ts";
import { ReplayRunner, type ReplayRunnerOptions } from "../streams/consumer/replay.runner.ts";
import { ConsumerControl } from "./consumer-control.ts";
import type { WithPostgres } from "./postgres.mixin.ts";
import type { WithStream } from "./stream.mixin.ts";

/** Members that the mixin adds to a service with Postgres and Stream. */
export interface WithConsumer<E extends StreamEvent = StreamEvent>
	extends WithPostgres, WithStream {
	/** Of the service: applies events, in the transaction that records them in the inbox. */
	handleEvents: ConsumerOptions<E>["handle"];
	/** Of the service, if it needs remote calls before. */
	prepareEvents?: ConsumerOptions<E>["prepare"];
	/** Of the service, if its replays apply events again. */
	resetFrom?: ReplayRunnerOptions["resetFrom"];
	consumer: Consumer<E>;
	/** Undefined until the service has started. */
	control: ConsumerControl | undefined;
	consumerGauges: Gauges;
	closing: AbortController;
	consuming: Promise<void>;
}

/** By topic: the function that reads its messages. @throws Unreadable */
export type Readers<E> = Readonly<Record<string, (message: Message) => E>>;

/**
 * Passes the events of some topics to a service's `handleEvents`, each once.
 * @param schema the service's, with the tables inbox, position and dead_letter; also its group's name
 */
export function Consuming<E extends StreamEvent>(
	schema: string,
	readers: Readers<E>
): Partial<ServiceSchema> {
	return mixin<WithConsumer<E>>({
		events: onHint(consumerMoved, function (this: WithConsumer<E>, { group }) {
			if (group === schema) this.consumer?.reposition();
		}),

		async started() {
			this.closing = new AbortController();
			const options = consumerOptions(this, schema, readers);
			this.consumer = new Consumer(options);
			this.control = new ConsumerControl({
				group: schema,
				replays: new ReplayRunner({ ...options, resetFrom: this.resetFrom?.bind(this) }),
				deadLetters: new DeadLetterAdmin(options),
				createTopics: () => this.createTopics(),
				notifyMembers: () => broadcastHint(this.broker, consumerMoved, { group: schema })
			});
			this.consumerGauges = new Gauges(this.broker, () => this.control!.gauges(), {
				onError: ({ message }) => this.logger.debug("cannot measure waiting events:", message)
			});
			this.consumerGauges.start();
			// Not awaited: the service works without the log, and gets its events when that is available.
			this.consuming = startConsuming(this);
		},

		async stopped() {
			this.closing?.abort();
			await this.consuming;
			// Concurrently, because the measurement may wait for a log that does not respond.
			await Promise.all([this.consumer?.stop(), this.consumerGauges?.stop()]);
		}
	});
}

function consumerOptions<E extends StreamEvent>(
	service: WithConsumer<E>,
	schema: string,
	readers: Readers<E>
): ConsumerOptions<E> {
	const { prepareEvents, logger } = service;
	return {
		driver: service.stream,
		db: service.pg,
		schema,
		group: schema,
		topics: Object.keys(readers),
		read: message => readers[message.topic]!(message),
		handle: (work, tx) => service.handleEvents(work, tx),
		...(prepareEvents && { prepare: prepareEvents.bind(service) }),
		onError: error =>
			error instanceof OffsetLost
				? logger.error("events were lost:", error.message)
				: service.warnOfRetry("cannot handle events", error),
		onDeadLettered: ({ topic, partition, offset, reason, detail }) =>
			logger.error(`dead-lettered ${topic} ${partition}@${offset}: ${reason}: ${detail}`),
		onStalled: words => service.broker.fatal(words)
	};
}

async function startConsuming<E extends StreamEvent>(service: WithConsumer<E>): Promise<void> {
	const start = async () => {
		await service.createTopics();
		await service.consumer.start();
	};
	await retry(start, {
		pauseMs: reconnectPauseMs,
		signal: service.closing.signal,
		onError: error => service.warnOfRetry("event log unavailable", error)
	});
}
