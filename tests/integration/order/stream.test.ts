import type { ServiceBroker } from "moleculer";
import { order } from "../../../contracts/order.ts";
import type { OrderStreamEvent } from "../../../contracts/events.ts";
import type { Database } from "../../../db/database.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { statements, toMessage } from "../../../services/order/outbox/order.outbox.ts";
import type { Driver, Message } from "../../../streams/driver.ts";
import { OutboxPublisher } from "../../../streams/outbox/publisher.ts";
import { readOrderEvent } from "../../../streams/messages/order-event-reader.ts";
import { topicSpecs } from "../../../streams/messages/topics.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { alice, as } from "../../support/shop/callers.ts";
import { useEventLog } from "../../support/streams/stream-driver.ts";
import { connect } from "../../support/servers/database.ts";
import { orderServices } from "../../support/shop/services.ts";

/** Every committed event is published, in the order of its order, and no other event. */

const log = useEventLog(4);
const { database } = log;

beforeAll(() => log.driver.createTopics(topicSpecs({ partitions: 4, retentionMs: 3_600_000 })));

/** All messages of the topic, partition by partition. */
async function published(): Promise<Message[]> {
	const rows = await database.rows<Omit<Message, "offset"> & { position: string }>(
		"select * from streams.message where topic = 'orders' order by partition, position"
	);
	return rows.map(({ position, ...row }) => ({ ...row, offset: BigInt(position) }));
}

const outbox = () =>
	database.rows<{
		event_id: string;
		order_id: string;
		version: number;
		published_at: Date | null;
	}>("select * from orders.outbox where not quiet order by id");
const allPublished = () =>
	until(async () => (await outbox()).every(row => row.published_at !== null), 20_000);

/** Versions of each order in the order of their first publication. */
function versions(events: OrderStreamEvent[]): number[][] {
	const seen = new Map<string, Set<number>>();
	for (const { subject, sequence } of events)
		seen.set(subject, (seen.get(subject) ?? new Set()).add(Number(sequence)));
	return [...seen.values()].map(set => [...set]);
}
const ascending = (list: number[]) => list.every((n, i) => i === 0 || n > list[i - 1]!);

describe("the events of orders", () => {
	let broker: ServiceBroker;

	beforeAll(async () => {
		broker = await startNode(orderServices, {
			DATABASE_URL: database.url,
			DATA_DIR: temporaryFolder(),
			LOG_LEVEL: "fatal"
		});
	}, 30_000);

	afterAll(() => broker.stop());

	it("are published as their contract says, without internal statuses", async () => {
		const { order: placed } = await place(broker, { wait_s: 10 });
		const cancel = { id: placed.id, idempotency_key: newId() };
		await call(broker, order.actions.cancel, cancel, as(alice));
		await settledOrder(broker, placed.id);
		await allPublished();
		const own = (await published()).filter(m => m.headers.ce_subject === placed.id);
		const events = own.map(readOrderEvent);
		expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([
			["order.created", "1"],
			["order.confirmed", "3"],
			["order.cancelled", "4"],
			["order.refunded", "5"]
		]);
		expect(own[0]!.key).toBe(alice.id);
		expect(own[0]!.headers).toMatchObject({
			"content-type": "application/cloudevents+json; charset=UTF-8",
			ce_id: events[0]!.id,
			ce_type: "order.created",
			ce_specversion: "1.0"
		});
		const row = await database.rows<{ occurred_at: Date }>(
			`select occurred_at from orders.outbox where event_id = '${events[0]!.id}'`
		);
		expect(events[0]!.time).toBe(row[0]!.occurred_at.toISOString());
	}, 30_000);

	it("are all published under load, each once, each order's in order", async () => {
		await Promise.all(Array.from({ length: 60 }, () => place(broker, { wait_s: 10 })));
		await allPublished();
		const events = (await published()).map(readOrderEvent);
		expect(events.map(({ id }) => id).sort()).toEqual(
			(await outbox()).map(({ event_id }) => event_id).sort()
		);
		expect(versions(events).every(ascending)).toBe(true);
	}, 60_000);
});

describe("the relay", () => {
	const relays: OutboxPublisher[] = [];
	const databases: Database[] = [];
	const errors: Error[] = [];

	/** Of another node. */
	function relay(
		through: Driver = log.driver,
		onLag: (outbox: OutboxPublisher) => unknown = () => undefined,
		db = connect(database, "order", 2)
	): OutboxPublisher {
		const made: OutboxPublisher = new OutboxPublisher({
			db,
			driver: through,
			statements,
			toPending: toMessage,
			prepare: async () => undefined,
			onError: error => errors.push(error),
			onHousekeepingError: error => errors.push(error),
			onLag: () => void onLag(made)
		}) as unknown as OutboxPublisher;
		databases.push(db);
		relays.push(made);
		made.start();
		return made;
	}

	afterEach(async () => {
		await Promise.all(relays.splice(0).map(one => one.stop()));
		await Promise.all(databases.splice(0).map(db => db.close()));
	});

	/** Writes events of many orders in many transactions, some of which are rolled back or late. */
	async function write(count: number): Promise<void> {
		await database.rows(`do $$ begin
			for n in 1..${count} loop
				insert into orders.outbox (order_id, user_id, version, type, payload)
				select o.id, 'user-' || (n % 23 % 7), 1 + coalesce((select max(b.version) from orders.outbox b where b.order_id = o.id), 0),
					'order.created', '{}' from (select md5((n % 23)::text || '${count}')::uuid as id) as o;
			end loop;
		end $$`);
	}

	const idsOf = async () =>
		(await published()).map(({ value }) => (JSON.parse(value.toString()) as OrderStreamEvent).id);

	it("runs on one node at a time, and on another when its session ends", async () => {
		relay();
		relay();
		for (let n = 0; n < 8; n++) {
			await write(40 + n);
			await database.rows("select pg_terminate_backend(pid) from orders.relay_lease");
		}
		await allPublished();
		const events = (await published()).map(m => JSON.parse(m.value.toString()) as OrderStreamEvent);
		expect(new Set(events.map(({ id }) => id))).toEqual(
			new Set((await outbox()).map(({ event_id }) => event_id))
		);
		expect(versions(events).every(ascending)).toBe(true);
	}, 60_000);

	it("marks nothing while the log is down, and loses nothing", async () => {
		let isAway = true;
		const broken: Driver = Object.create(log.driver);
		broken.publish = async (topic, messages) => {
			if (isAway) throw new Error("the broker is away");
			return log.driver.publish(topic, messages);
		};
		relay(broken);
		await write(30);
		await until(async () => errors.length > 3, 20_000);
		expect((await outbox()).filter(row => row.published_at === null)).toHaveLength(30);
		isAway = false;
		await allPublished();
	}, 40_000);

	it("publishes again what it could not mark, and skips no row that is committed late", async () => {
		const late = await slow(
			"begin; insert into orders.outbox (order_id, user_id, version, type, payload) values (gen_random_uuid(), 'user-late', 1, 'order.created', '{}') returning event_id"
		);
		relay();
		await write(10);
		await until(async () => (await outbox()).every(row => row.published_at !== null), 20_000);
		expect(await idsOf()).not.toContain(late.id);
		await late.commit();
		await until(async () => (await idsOf()).includes(late.id), 20_000);
	}, 40_000);

	/** A transaction that stays open: its row has an id below those that are committed before it. */
	async function slow(sql: string): Promise<{ id: string; commit(): Promise<unknown> }> {
		const db = connect(database, undefined, 1);
		const session = await db.session({ onLost: () => undefined });
		const [begin, insert] = sql.split("; ");
		await session.query({ name: "begin", text: begin! });
		const [row] = await session.query<{ event_id: string }>({ name: "insert", text: insert! });
		return {
			id: row!.event_id,
			async commit() {
				await session.query({ name: "commit", text: "commit" });
				await session.close();
				await db.close();
			}
		};
	}

	it("moves events that were published a week ago to the archive, where they stay readable", async () => {
		await write(5);
		const one = relay();
		await allPublished();
		await database.rows("update orders.outbox set published_at = now() - interval '8 days'");
		const before = await database.rows("select event_id from orders.events order by id");
		await until(async () => (await one.remove()) === 0, 10_000);
		expect(await database.rows("select event_id from orders.outbox")).toEqual([]);
		expect(await database.rows("select event_id from orders.events order by id")).toEqual(before);
		expect(await one.lag()).toEqual({ rows: 0, seconds: 0 });
	}, 40_000);

	/** Writes as many events, half of them published and half of them internal. */
	const events = (count: number, age: string) =>
		database.rows(
			`insert into orders.outbox (order_id, user_id, version, type, payload, occurred_at, published_at, quiet)
			select gen_random_uuid(), 'user-old', 1, 'order.created', '{}', now() - $2::interval,
				case when n % 2 = 0 then now() - $2::interval end, n % 2 = 1 from generate_series(1, $1::int) as n`,
			[count, age]
		);
	const oldEvents = async () =>
		(await database.rows("select 1 from orders.outbox where user_id = 'user-old'")).length;

	it("archives all old events, in several pages", async () => {
		await events(8500, "8 days");
		relay();
		await until(async () => (await oldEvents()) === 0, 20_000);
	}, 40_000);

	it("stops archiving when it is stopped", async () => {
		await events(8500, "8 days");
		let looks = 0;
		let stopped: Promise<void> | undefined;
		relay(log.driver, one => {
			if (++looks === 2) stopped = one.stop();
		});
		await until(() => looks >= 2, 20_000);
		await stopped;
		expect(await oldEvents()).toBe(6500);
		await database.rows("delete from orders.outbox where user_id = 'user-old'");
	}, 40_000);

	it("reads only old events when it archives, published or internal", async () => {
		await events(3000, "6 days");
		await events(20, "8 days");
		// Statistics as autovacuum would have them; when it runs is a matter of luck.
		await database.rows("analyze orders.outbox");
		const db = connect(database, "order", 1);
		databases.push(db);
		const found = await db.transaction(async tx => {
			const archive = "select orders.archive_outbox(1000) as moved";
			const [{ moved } = {}] = await tx.query({ name: "archive", text: archive });
			const [{ read } = {}] = await tx.query({
				name: "rows_read",
				text: "select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relid = 'orders.outbox'::regclass"
			});
			return { moved, read: Number(read) };
		});
		expect(found.moved).toBe(20);
		expect(found.read).toBeLessThan(100);
	});
});
