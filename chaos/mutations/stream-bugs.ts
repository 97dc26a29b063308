import type { Bug } from "./bug.ts";
import type { SourcePatch } from "./patched-tree.ts";

const outbox = "streams/outbox/outbox.statements.ts";
const relay = "streams/outbox/relay.ts";
const consumer = "streams/consumer/consumer.ts";

/** Not a mistake by itself: it delays the relay so that it can be killed there, and events are published twice. */
const delayBeforeMark: SourcePatch = {
	file: relay,
	find: "await lease.mark(rows.map(({ id }) => id));",
	replace: "await pause(300);\n\t\tawait lease.mark(rows.map(({ id }) => id));"
};

/** Mistakes of shops that lost an event or counted it twice. */
export const streamBugs: readonly Bug[] = [
	{
		name: "events are marked as published before they are sent",
		file: relay,
		find: "for (const [topic, waiting] of",
		replace: `await lease.mark(rows.map(({ id }) => id));
		await pause(2000);
		for (const [topic, waiting] of`,
		promise: "P4",
		scenario: "relay_kills"
	},
	{
		name: "the relay skips events with ids below the last published one",
		file: outbox,
		find: "select * ${waiting} $1",
		replace: `select * from \${schema}.outbox where \${only}
				and id > coalesce((select max(id) from \${schema}.outbox where published_at is not null), 0) order by id limit $1`,
		promise: "P4",
		scenario: "slow_commits"
	},
	{
		name: "a redelivered event is applied again",
		file: consumer,
		find: ": firstOfEach(events, known);",
		replace: ": known.size < 0 ? [] : events;",
		furtherChanges: [delayBeforeMark],
		promise: "P5",
		scenario: "relay_kills"
	},
	{
		name: "a consumer advances its offset before it applies the batch",
		file: consumer,
		find: "const isDone = await db.transaction(async tx => {",
		replace: `await db.transaction(tx => this.#positions.advance(topic, partition, next, false, tx));
		await pause(1000);
		const isDone = await db.transaction(async tx => {`,
		furtherChanges: [
			{
				file: consumer,
				find: "if (!isSame(await this.#positions.lock(topic, partition, tx), expected)) return false;",
				replace:
					"if ((await this.#positions.lock(topic, partition, tx)).next < expected.next) return false;"
			}
		],
		promise: "P4",
		scenario: "consumer_kills"
	},
	{
		name: "late events are dropped",
		file: "services/analytics/windows/intake.ts",
		find: "const facts = work.events.flatMap((event, index) => factOf(event, times[index]!) ?? []);",
		replace: `const facts = work.events
		.flatMap((event, index) => factOf(event, times[index]!) ?? [])
		.filter(({ at }) => at >= (row!.watermark ?? 0));`,
		// All events are late: the relay waits longer than partitions do until they count as idle.
		furtherChanges: [
			{
				file: "services/order/outbox/order.outbox.ts",
				find: 'only: "not quiet"',
				replace: `only: "not quiet and occurred_at < now() - interval '17 s'"`
			}
		],
		promise: "P5",
		scenario: "purchases"
	},
	{
		name: "an idle partition holds the watermark back",
		file: "services/analytics/windows/tumbling.window.ts",
		find: "lag <= 0 && now - heardAt >= idleTimeoutMs;",
		replace: "lag < 0 && now - heardAt >= idleTimeoutMs;",
		promise: "P5",
		scenario: "idle_partitions"
	}
];
