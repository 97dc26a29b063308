import type { ServiceSchema } from "moleculer";
import { outboxGauges, publishGauges, withdrawGauges } from "../lib/gauges.ts";
import { mixin } from "../lib/service.ts";
import type { OutboxStatements } from "../streams/outbox/outbox.statements.ts";
import { OutboxPublisher } from "../streams/outbox/publisher.ts";
import type { Pending } from "../streams/outbox/relay.ts";
import type { WithPostgres } from "./postgres.mixin.ts";
import type { WithStream } from "./stream.mixin.ts";

/** Members that the mixin adds to a service with Postgres and Stream. */
export interface WithOutbox extends WithPostgres, WithStream {
	/** Of the service, where another writer may have its topics: false has rows marked that were not sent. */
	mayPublish?(): Promise<boolean>;
	/** Undefined until the service has started. */
	outbox: OutboxPublisher | undefined;
}

/** Publishes the rows of a service's outbox, from its start until after its own `stopped()`. */
export function Publishing<R extends { id: number }>(
	statements: OutboxStatements,
	toPending: (row: R) => Pending
): Partial<ServiceSchema> {
	return mixin<WithOutbox>({
		started() {
			const outbox = new OutboxPublisher<R>({
				db: this.pg,
				driver: this.stream,
				statements,
				toPending,
				prepare: () => this.createTopics(),
				mayPublish: async () => this.mayPublish?.() ?? true,
				onError: error => this.warnOfRetry("cannot publish events", error),
				onHousekeepingError: error =>
					this.warnOfRetry("cannot measure the outbox or remove published events", error),
				onLag: lag => {
					const gauges = outboxGauges(this.name, lag ?? { rows: 0, seconds: 0 });
					(lag ? publishGauges : withdrawGauges)(this.broker, gauges);
				}
			});
			outbox.start();
			this.outbox = outbox as unknown as OutboxPublisher;
		},

		async stopped() {
			await this.outbox?.stop();
		}
	});
}
