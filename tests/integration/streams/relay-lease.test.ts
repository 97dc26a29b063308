import { setTimeout as sleep } from "node:timers/promises";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { Database, serviceUrl } from "../../../db/database.ts";
import { arm, disarmAll, onHit, type Failpoint } from "../../../lib/failpoint.ts";
import { statements, toMessage } from "../../../services/order/outbox/order.outbox.ts";
import type { Driver } from "../../../streams/driver.ts";
import { topicSpecs } from "../../../streams/messages/topics.ts";
import { OutboxPublisher } from "../../../streams/outbox/publisher.ts";
import { leaseMs, RelayLease, renewEveryMs } from "../../../streams/outbox/relay-lease.ts";
import { useEventLog } from "../../support/streams/stream-driver.ts";
import { until } from "../../support/until.ts";

/** Which relay publishes when the one that did is silent, frozen, or wakes up again. */

const log = useEventLog(4);
const { database } = log;

interface Node {
	proxy: Proxy;
	errors: string[];
	/** What the log waits for before it takes anything. */
	beforeSend?: Promise<unknown>;
	stop(): Promise<void>;
}

/** What was sent, by which node, as the log received it. */
let sent: { by: Node; keys: string[] }[] = [];
let stack: AsyncDisposableStack;

beforeAll(() => log.driver.createTopics(topicSpecs({ partitions: 1, retentionMs: 3_600_000 })));
beforeEach(async () => {
	stack = new AsyncDisposableStack();
	sent = [];
	await database.rows("delete from orders.outbox");
});
afterEach(async () => {
	disarmAll();
	onHit(() => Promise.resolve());
	await stack.disposeAsync();
});

/** A node whose relay reaches the database through a proxy of its own. */
async function node(prepare = async () => undefined as void): Promise<Node> {
	const proxy = await Proxy.open(serviceUrl(database.url, "order"));
	const own: Node = { proxy, errors: [], stop: () => outbox.stop() };
	const db = new Database({ url: proxy.url, pool: 2, durability: "prefix", name: "relay" });
	const driver: Driver = Object.create(log.driver);
	driver.publish = async (topic, messages) => {
		await own.beforeSend;
		await log.driver.publish(topic, messages);
		sent.push({ by: own, keys: messages.map(({ key }) => key) });
	};
	const outbox = new OutboxPublisher({
		db,
		driver,
		statements,
		toPending: toMessage,
		prepare,
		onError: ({ message }) => own.errors.push(message),
		onHousekeepingError: () => undefined,
		onLag: () => undefined
	});
	stack.defer(() => proxy.close());
	stack.defer(() => db.close());
	stack.defer(() => outbox.stop());
	outbox.start();
	return own;
}

/** An event of this user, who is the key of its message. */
const write = (user: string) =>
	database.rows(
		`insert into orders.outbox (order_id, user_id, version, type, payload)
		values (gen_random_uuid(), $1, 1, 'order.created', '{}')`,
		[user]
	);
const keysOf = (by: Node) => sent.filter(one => one.by === by).flatMap(({ keys }) => keys);
const untilSent = (by: Node, key: string, withinMs = leaseMs + 40_000) =>
	until(() => keysOf(by).includes(key), withinMs);
const isMarked = async (key: string) =>
	(
		await database.rows(
			"select 1 from orders.outbox where user_id = $1 and published_at is not null",
			[key]
		)
	).length === 1;
const fence = async () =>
	(await database.rows<{ fence: string }>("select fence from orders.relay_lease"))[0]!.fence;

/** The first of two nodes publishes; the second stands by. */
async function pair(): Promise<[Node, Node]> {
	const first = await node();
	await write("first");
	await untilSent(first, "first");
	return [first, await node()];
}

/** Stops a relay at this point for longer than a lease; resolves when it is reached. */
function freeze(point: Failpoint, ms: number): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	onHit(async () => resolve());
	arm({ point, mode: "delay", ms });
	return promise;
}

it("a holder whose connection is silent for ever is replaced when its lease expires", async () => {
	const [first, second] = await pair();
	first.proxy.silence();
	await write("second");
	await untilSent(second, "second");
	expect(keysOf(first)).toEqual(["first"]);
}, 60_000);

it("a holder whose session ends is replaced before its lease expires", async () => {
	const [first, second] = await pair();
	first.proxy.mode = "reset";
	await write("second");
	await untilSent(second, "second", leaseMs - renewEveryMs - 500);
}, 60_000);

it("one that stops releases its lease", async () => {
	const first = await node();
	await write("first");
	await untilSent(first, "first");
	const held = "select 1 from orders.relay_lease where lease_until is not null";
	expect(await database.rows(held)).toHaveLength(1);
	await first.stop();
	expect(await database.rows(held)).toEqual([]);
}, 60_000);

it.each([
	["its connection works", () => undefined],
	["its connection is silent", ({ proxy }: Node) => proxy.silence()]
])(
	"a holder that was frozen before it sent sends nothing when it wakes and %s",
	async (_, happen) => {
		const [first, second] = await pair();
		const frozen = freeze("stream.relay.after_read", leaseMs + 8000);
		await write("second");
		await frozen;
		happen(first);
		await untilSent(second, "second");
		await write("third");
		await untilSent(second, "third");
		await until(() => first.errors.length > 0, 30_000);
		await write("fourth");
		await untilSent(second, "fourth");
		expect(keysOf(first)).toEqual(["first"]);
	},
	90_000
);

it("a holder that was frozen after it sent marks nothing when it wakes", async () => {
	const [first, second] = await pair();
	const frozen = freeze("stream.relay.after_send", leaseMs + 5000);
	await write("second");
	await frozen;
	// The other one sends it again and cannot mark it yet.
	const { promise, resolve } = Promise.withResolvers<void>();
	second.beforeSend = promise;
	await until(() => first.errors.length > 0, 30_000);
	expect(first.errors[0]).toContain("lease");
	expect(await isMarked("second")).toBe(false);
	resolve();
	await until(() => isMarked("second"));
}, 90_000);

it("a holder keeps its lease while the topics are created for longer than that", async () => {
	const slow = await node(() => sleep(leaseMs + 2000));
	await write("first");
	await untilSent(slow, "first", 2 * leaseMs);
	expect(slow.errors).toEqual([]);
}, 60_000);

it("a relay does not take the lease of a session that its role cannot see", async () => {
	const open = (url: string) => {
		const db = new Database({ url, pool: 1, durability: "prefix", name: "relay" });
		stack.defer(() => db.close());
		return db.session({ onLost: () => undefined });
	};
	// A role sees of another's sessions that they are there, and not since when.
	const [holder, other] = [await open(database.url), await open(serviceUrl(database.url, "order"))];
	stack.defer(() => Promise.all([holder.close(), other.close()]).then(() => undefined));
	expect(await until(() => RelayLease.acquire(holder, statements), 2 * leaseMs)).toBeDefined();
	expect(await RelayLease.acquire(other, statements)).toBeUndefined();
}, 60_000);

it("a holder keeps its lease while the log is slow for longer than that", async () => {
	const [first, second] = await pair();
	const before = await fence();
	first.beforeSend = new Promise(resolve => setTimeout(resolve, leaseMs + 4000));
	await write("second");
	await untilSent(first, "second", 40_000);
	expect(await fence()).toBe(before);
	expect([keysOf(second), first.errors]).toEqual([[], []]);
}, 90_000);
