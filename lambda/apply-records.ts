import type { NotifiableEvent } from "../services/notification/planning.ts";
import { isTransient } from "../streams/consumer/transient-error.ts";
import { Unreadable } from "../streams/messages/event-reader.ts";
import { readOrderEvent } from "../streams/messages/order-event-reader.ts";
import { readAnyEvent, readStaffEvent } from "../streams/messages/staff-event-reader.ts";
import { topics } from "../streams/messages/topics.ts";
import type { Message } from "../streams/driver.ts";
import type { SourceBatch, SourceRecord } from "./sources/source-batch.ts";

export interface ApplyPorts {
	/** Plans the messages of events; given the same events again it adds nothing. */
	plan(events: readonly NotifiableEvent[]): Promise<unknown>;
	deadLetter(message: Message, cause: Unreadable): Promise<void>;
	/** Called with failures after which the source delivers records again. */
	onError(error: Error): void;
}

export interface Applied {
	/** Those that the source has to deliver again. */
	failed: ReadonlySet<SourceRecord>;
	deadLettered: number;
}

interface Event {
	record: SourceRecord;
	event: NotifiableEvent;
}

const byTopic: Readonly<Record<string, (message: Message) => NotifiableEvent>> = {
	[topics.orders]: readOrderEvent,
	[topics.notifications]: readStaffEvent
};

/** A queue or a bus may carry events of both topics. */
const readerOf = ({ id, message }: SourceRecord) =>
	(typeof id === "string" ? undefined : byTopic[message.topic]) ?? readAnyEvent;

function read(record: SourceRecord): NotifiableEvent | Unreadable {
	try {
		return readerOf(record)(record.message);
	} catch (error) {
		if (error instanceof Unreadable) return error;
		throw error;
	}
}

/** A message that is dead-lettered. */
interface BadRecord {
	record: SourceRecord;
	cause: Unreadable;
}

/** Applies the records of one invocation: each is planned, dead-lettered, or left to its source. */
class Application {
	readonly failed = new Set<SourceRecord>();
	deadLettered = 0;
	readonly #ports: ApplyPorts;
	readonly #batch: SourceBatch;
	readonly #bad: BadRecord[] = [];

	constructor(batch: SourceBatch, ports: ApplyPorts) {
		this.#batch = batch;
		this.#ports = ports;
	}

	async run(): Promise<void> {
		const events: Event[] = [];
		for (const record of this.#batch.records) {
			const found = read(record);
			if (found instanceof Unreadable) this.#bad.push({ record, cause: found });
			else events.push({ record, event: found });
		}
		await this.#plan(events);
		for (const one of this.#bad) await this.#deadLetter(one);
	}

	#leave(error: unknown, ...records: SourceRecord[]): void {
		this.#ports.onError(error as Error);
		for (const record of records) this.failed.add(record);
	}

	/** All at once; one by one if that fails for a reason that may lie in one of them. */
	async #plan(events: readonly Event[]): Promise<void> {
		try {
			await this.#ports.plan(events.map(({ event }) => event));
		} catch (error) {
			if (isTransient(error)) this.#leave(error, ...events.map(({ record }) => record));
			else for (const one of events) await this.#planAlone(one);
		}
	}

	/** An event that fails by itself would hold back its partition: it is dead-lettered, as consumers do. */
	async #planAlone({ record, event }: Event): Promise<void> {
		try {
			await this.#ports.plan([event]);
		} catch (error) {
			if (isTransient(error)) return this.#leave(error, record);
			const { message } = error as Error;
			this.#bad.push({ record, cause: new Unreadable("handling-failed", message.slice(0, 500)) });
		}
	}

	/** One that comes again because of another is dead-lettered then: while a table is away, it would be so each time. */
	async #deadLetter({ record, cause }: BadRecord): Promise<void> {
		if (this.#batch.isRepeated(record, this.failed)) return;
		try {
			await this.#ports.deadLetter(record.message, cause);
			this.deadLettered++;
		} catch (error) {
			this.#leave(error, record);
		}
	}
}

export async function applyRecords(batch: SourceBatch, ports: ApplyPorts): Promise<Applied> {
	const application = new Application(batch, ports);
	await application.run();
	return application;
}
