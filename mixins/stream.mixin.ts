import type { Service, ServiceSchema } from "moleculer";
import { config } from "../config/index.ts";
import { mixin } from "../lib/service.ts";
import type { Driver } from "../streams/driver.ts";
import { openLog } from "../streams/index.ts";
import { topicSpecs } from "../streams/messages/topics.ts";
import { closeLast } from "./close-last.ts";

/** Members that the mixin adds to a service. */
export interface WithStream extends Service {
	stream: Driver;
	/** @throws Error while the log is down */
	createTopics(): Promise<void>;
}

/** Gives a service `this.stream`, the event log, from its start until all services of the node have stopped. */
export function Stream(): Partial<ServiceSchema> {
	return mixin<WithStream>({
		methods: {
			createTopics(): Promise<void> {
				return this.stream.createTopics(topicSpecs(config().stream));
			}
		},

		async started() {
			this.stream = await openLog({
				onDebug: text => this.logger.debug(text),
				onError: error => this.logger.warn("idle connection to the log lost:", error.message)
			});
			const { stream } = this;
			closeLast(this.broker, { what: `the log of ${this.name}`, close: () => stream.close() });
		}
	});
}
