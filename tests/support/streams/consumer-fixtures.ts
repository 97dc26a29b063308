import { newId } from "../../../lib/id.ts";
import { Unreadable } from "../../../streams/messages/event-reader.ts";
import type { Message } from "../../../streams/driver.ts";

/** The tables of a consuming service, as its migrations create them. */
export const consumerTables = (schema: string) => `
	create schema ${schema};
	create table ${schema}.inbox (event_id uuid primary key, at timestamptz not null default clock_timestamp(),
		replay int not null default 0);
	create table ${schema}.position (topic text, partition int, next_offset bigint not null,
		at timestamptz not null default clock_timestamp(), replay int not null default 0, replay_from bigint,
		replay_until bigint, replay_floor timestamptz, replay_mode text, lost_at timestamptz,
		log int not null default 0, log_start bigint not null default 0, log_since timestamptz,
		primary key (topic, partition));
	create table ${schema}.dead_letter (id uuid not null unique default gen_random_uuid(), topic text, partition int,
		"offset" bigint, key text, value bytea not null, headers jsonb not null, reason text not null, detail text not null,
		attempts int not null, at timestamptz(3) not null default clock_timestamp(), redriven_at timestamptz,
		log int not null default 0, primary key (topic, partition, "offset", log));
	create table ${schema}.effect (n serial primary key, event_id uuid not null, text text not null)`;

/** An event of tests; its text tells the handler what to do. */
export interface TestEvent {
	id: string;
	text: string;
	time: string;
}

export function readTestEvent(message: Message): TestEvent {
	try {
		const {
			id,
			text,
			time = message.at.toISOString()
		} = JSON.parse(message.value.toString()) as Partial<TestEvent> & { id: string; text: string };
		return { id, text, time };
	} catch {
		throw new Unreadable("not-json", "is no JSON");
	}
}

export const testEvent = (text: string, id = newId()): TestEvent => ({
	id,
	text,
	time: new Date().toISOString()
});
