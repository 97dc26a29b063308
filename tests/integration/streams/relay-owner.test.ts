import { Database, serviceUrl } from "../../../db/database.ts";
import { statements, toMessage } from "../../../services/order/outbox/order.outbox.ts";
import type { Driver } from "../../../streams/driver.ts";
import { topicSpecs } from "../../../streams/messages/topics.ts";
import { OutboxPublisher } from "../../../streams/outbox/publisher.ts";
import { useEventLog } from "../../support/streams/stream-driver.ts";
import { until } from "../../support/until.ts";

const log = useEventLog(4);
const { database } = log;

/** Rows of 0.7 MB, so that each is a record batch of its own. */
const write = (count: number) =>
	database.rows(
		`insert into orders.outbox (order_id, user_id, version, type, payload)
		select gen_random_uuid(), 'user-' || n, 1, 'order.created',
			jsonb_build_object('text', repeat('x', 700000)) from generate_series(1, $1::int) as n`,
		[count]
	);

it("a relay asks before each record batch who owns the topic, and keeps what it has not sent", async () => {
	await log.driver.createTopics(topicSpecs({ partitions: 1, retentionMs: 3_600_000 }));
	const db = new Database({
		url: serviceUrl(database.url, "order"),
		pool: 2,
		durability: "prefix",
		name: "relay"
	});
	database.defer(() => db.close());
	const sent: string[][] = [];
	const errors: string[] = [];
	const driver: Driver = Object.create(log.driver);
	driver.publish = async (_, messages) => void sent.push(messages.map(({ key }) => key));
	const outbox = new OutboxPublisher({
		db,
		driver,
		statements,
		toPending: toMessage,
		prepare: async () => undefined,
		mayPublish: async () => {
			if (sent.length === 2) throw new Error("not the owner");
			return true;
		},
		onError: ({ message }) => errors.push(message),
		onHousekeepingError: () => undefined,
		onLag: () => undefined
	});
	await write(4);
	outbox.start();
	try {
		await until(() => errors.length > 0);
		expect(errors[0]).toBe("not the owner");
		expect(sent).toEqual([["user-1"], ["user-2"]]);
		const marked = "select 1 from orders.outbox where published_at is not null";
		expect(await database.rows(marked)).toEqual([]);
	} finally {
		await outbox.stop();
	}
}, 60_000);
