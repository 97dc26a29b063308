import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { Random } from "../../workload/random.ts";
import type { TrafficEvent } from "../../workload/event-traffic.ts";
import { newClient, rows } from "../../db/client.ts";

export interface OutboxWriterOptions {
	/** Connection URL of the database's owner. */
	url: string;
	events: readonly TrafficEvent[];
	perSecond: number;
	/** Share of the events, from 0 to 1, that are made to be published once more. */
	duplicateShare: number;
	seed: number;
}

const tickMs = 250;
/** So that there are events for as long as there are faults. */
const [lastPart, dropSize] = [0.4, 2];
/** Longer than the broker is down. Events that are not published by then are reported as a violation. */
const publishedWithinMs = 60_000;
/** One lane keeps every third of its transactions open so long, while the others commit higher ids. */
const [slowEvery, slowMs] = [3, 700];

const insert = `
	insert into orders.outbox (order_id, user_id, version, type, occurred_at, payload)
	select * from jsonb_to_recordset($1) as x(order_id uuid, user_id text, version int, type text, occurred_at timestamptz, payload jsonb)
	returning id`;
const republishSql = `
	update orders.outbox set published_at = null where id = any ($1::bigint[]) and published_at is not null returning id`;

/** Writes events into the outbox as the order service does, at a steady rate. */
export class OutboxWriter {
	readonly #options: OutboxWriterOptions;
	readonly #random: Random;
	/** Rows to be published a second time. */
	#toRepublish: string[] = [];
	written = 0;
	duplicated = 0;

	constructor(options: OutboxWriterOptions) {
		this.#options = options;
		this.#random = new Random(options.seed);
	}

	/**
	 * Resolves when all is written, and the events to be doubled were published once before.
	 * @param isOver the last part is written slowly until then
	 */
	async run(isOver: () => boolean): Promise<void> {
		const { url, events, perSecond } = this.#options;
		const lanes = [newClient({ connectionString: url }), newClient({ connectionString: url })];
		for (const lane of lanes) await lane.connect();
		const busy: Promise<void>[] = lanes.map(() => Promise.resolve());
		const full = Math.ceil((perSecond * tickMs) / 1000);
		for (let from = 0, tick = 0, size = full; from < events.length; from += size, tick++) {
			const due = sleep(tickMs);
			const isLast = from > events.length * (1 - lastPart);
			size = isLast && !isOver() ? dropSize : full;
			const batch = events.slice(from, from + size);
			lanes.forEach((client, lane) => {
				const own = batch.filter(({ order_id }) => laneOf(order_id) === lane);
				const isSlow = lane === 1 && tick % slowEvery === 0;
				busy[lane] = busy[lane]!.then(() => this.#write(client, own, isSlow ? slowMs : 0));
			});
			await due;
			if (tick % 4 === 0) await this.#republish(url);
		}
		await Promise.all(busy);
		await Promise.all(lanes.map(client => client.end()));
		const end = performance.now() + publishedWithinMs;
		while (this.#toRepublish.length > 0 && performance.now() < end)
			await Promise.all([this.#republish(url), sleep(tickMs)]);
	}

	/** All events of an order go through one lane, so that they are committed in order. */
	async #write(client: pg.Client, own: readonly TrafficEvent[], holdMs: number): Promise<void> {
		if (own.length === 0) return;
		await client.query("begin");
		const { rows } = await client.query<{ id: string }>(insert, [JSON.stringify(own)]);
		if (holdMs > 0) await sleep(holdMs);
		await client.query("commit");
		this.written += rows.length;
		const chosen = rows.filter(() => this.#random.chance(this.#options.duplicateShare));
		this.#toRepublish.push(...chosen.map(({ id }) => id));
	}

	async #republish(url: string): Promise<void> {
		const found = await rows<{ id: string }>(url, republishSql, [this.#toRepublish]);
		const done = new Set(found.map(({ id }) => id));
		this.#toRepublish = this.#toRepublish.filter(id => !done.has(id));
		this.duplicated += done.size;
	}
}

const laneOf = (orderId: string) => parseInt(orderId.at(-1)!, 16) % 2;
