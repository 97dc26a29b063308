import type { Service, ServiceSchema } from "moleculer";
import { config } from "../config/index.ts";
import { mixin } from "../lib/service.ts";
import type { Driver } from "../streams/driver.ts";
import { openLog } from "../streams/index.ts";
import { topicSpecs } from "../streams/messages/topics.ts";

/** Members that the mixin adds to a service. */
export interface WithStream extends Service {
	stream: Driver;
	/** @throws Error while the log is down */
	createTopics(): Promise<void>;
}

/** Gives a service `this.stream`, the event log, once it starts. */
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
		},

		async stopped() {
			await this.stream?.close();
		}
	});
}
