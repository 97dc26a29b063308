import type { ServiceSchema } from "moleculer";
import { config } from "../config/index.ts";
import { claimLog, readEventLog, refusalOfLog, type LogKind } from "../db/event-log.ts";
import { RepeatedLines } from "../lib/log/repeated-lines.ts";
import { mixin } from "../lib/service.ts";
import type { Driver } from "../streams/driver.ts";
import { openLog } from "../streams/index.ts";
import { topicSpecs } from "../streams/messages/topics.ts";
import { closeLast } from "./close-last.ts";
import type { WithPostgres } from "./postgres.mixin.ts";

/** As of sysexits.h: a supervisor need not start the node again. */
const configurationError = 78;

/** Members that the mixin adds to a service with Postgres. */
export interface WithStream extends WithPostgres {
	stream: Driver;
	/** The log was found to be the shop's. */
	isOwnLog: boolean;
	/** What fails again and again while a server is down. */
	retryLines: RepeatedLines;
	/** Logs a failure that is retried: the first at once, then one of its kind per minute. */
	warnOfRetry(what: string, error: Error): void;
	/** Ends the node when its log is not the shop's. @throws Error while the database is down */
	checkLog(): Promise<void>;
	/** Before anything is published or consumed. @throws Error while the log or the database is down */
	createTopics(): Promise<void>;
}

/** Ends the node when the log in use is not its own. */
function endUnlessOwn(service: WithStream, inUse: LogKind): void {
	const refusal = refusalOfLog(inUse, service.stream.kind);
	if (refusal) {
		service.broker.logger.fatal(refusal);
		process.exit(configurationError);
	}
	service.isOwnLog = true;
}

/** Gives a service `this.stream`, the event log, from its start until all services of the node have stopped. */
export function Stream(): Partial<ServiceSchema> {
	return mixin<WithStream>({
		methods: {
			warnOfRetry(what: string, { message }: Error): void {
				this.retryLines.add(what, `${what}, retrying: ${message}`);
			},

			async checkLog(): Promise<void> {
				if (this.isOwnLog) return;
				const [inUse] = await this.pg.query<{ kind: LogKind }>(readEventLog);
				if (inUse) endUnlessOwn(this, inUse.kind);
			},

			/** The first use of a log is recorded once it has answered: one that never did is not the shop's. */
			async createTopics(): Promise<void> {
				await this.checkLog();
				await this.stream.createTopics(topicSpecs(config().stream));
				if (this.isOwnLog) return;
				const inUse = await claimLog(this.pg, this.stream.kind);
				if (!inUse) throw new Error("which event log the shop uses is not known yet");
				endUnlessOwn(this, inUse);
			}
		},

		created() {
			this.retryLines = new RepeatedLines(line => this.logger.warn(line));
		},

		async started() {
			this.stream = await openLog({
				onDebug: text => this.logger.debug(text),
				onError: error => this.logger.warn("idle connection to the log lost:", error.message)
			});
			const { stream } = this;
			closeLast(this.broker, { what: `the log of ${this.name}`, close: () => stream.close() });
			// Not awaited: the service works without the database, and checks before it publishes or consumes. A relay that
			// stands by would not notice for long that it could publish to another log than the one that works.
			this.checkLog().catch(({ message }) => this.logger.debug("cannot check the log:", message));
		},

		stopped() {
			this.retryLines.stop();
		}
	});
}
