import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../../lib/id.ts";
import {
	NoSuchTopic,
	type Batch,
	type Driver,
	type Message,
	type TopicSpec
} from "../../../streams/driver.ts";
import { readToEnd } from "../../../streams/read-to-end.ts";
import { inOrder, numbered, Reader } from "./stream-reader.ts";
import { until } from "../until.ts";

/** Tests of streams/driver.ts for one driver. `open` returns another process's view of the log. */
export function driverConformance(open: () => Promise<Driver>): void {
	const drivers: Driver[] = [];
	let driver: Driver;

	const another = async () => {
		drivers.push(await open());
		return drivers.at(-1)!;
	};

	beforeAll(async () => {
		driver = await another();
	}, 60_000);

	afterAll(async () => {
		await Promise.all(drivers.map(each => each.close()));
	}, 60_000);

	const withinMs = 30_000;
	const spec = (more: Partial<TopicSpec> = {}): TopicSpec => ({
		name: `t-${newId()}`,
		partitions: 4,
		cleanup: "delete",
		retentionMs: 3_600_000,
		...more
	});

	async function topicOf(partitions: number): Promise<string> {
		const { name } = spec();
		await driver.createTopics([spec({ name, partitions })]);
		return name;
	}

	describe("publishing", () => {
		it("keeps the messages of a key in one partition and in order, unchanged", async () => {
			const topic = await topicOf(4);
			await driver.publish(topic, [
				{ key: "ключ", value: '{"ü":1}', headers: { "ce-id": "1", empty: "" } }
			]);
			for (let n = 0; n < 5; n++) await driver.publish(topic, numbered(100, 7, n * 100));
			const reader = await Reader.of(driver, topic);
			await reader.has(501);
			const first = reader.got.find(({ key }) => key === "ключ")!;
			expect(first.value.toString()).toBe('{"ü":1}');
			expect(first.headers).toEqual({ "ce-id": "1", empty: "" });
			expect(Math.abs(first.at.getTime() - Date.now())).toBeLessThan(600_000);
			const rest = reader.got.filter(({ key }) => key !== "ключ");
			expect(inOrder(rest)).toBe(true);
			for (const key of new Set(rest.map(message => message.key)))
				expect(
					new Set(rest.filter(m => m.key === key).map(({ partition }) => partition)).size
				).toBe(1);
			expect(new Set(reader.texts()).size).toBe(501);
			await reader.stop();
		});

		it("is refused for a topic that does not exist", async () => {
			await expect(driver.publish(`no-${newId()}`, numbered(1, 1))).rejects.toThrow();
			await expect(driver.extents(`no-${newId()}`)).rejects.toThrow(NoSuchTopic);
		});

		it("accepts a value of 1 MiB, and an empty one", async () => {
			const topic = await topicOf(1);
			await driver.publish(topic, []);
			await driver.publish(topic, [{ key: "k", value: "x".repeat(1024 * 1024) }]);
			const reader = await Reader.of(driver, topic);
			await reader.has(1);
			expect(reader.got[0]!.value).toHaveLength(1024 * 1024);
			await reader.stop();
		});

		it("by many concurrently loses and doubles nothing", async () => {
			const topic = await topicOf(4);
			const second = await another();
			await Promise.all(
				Array.from({ length: 20 }, (_, n) =>
					(n % 2 ? driver : second).publish(topic, numbered(25, 5, n * 25))
				)
			);
			const reader = await Reader.of(driver, topic);
			await reader.has(500);
			expect(new Set(reader.texts()).size).toBe(500);
			for (const { first, next, partition } of await driver.extents(topic)) {
				const offsets = reader.got.filter(m => m.partition === partition).map(m => m.offset);
				expect(offsets).toEqual(offsets.map((_, n) => first + BigInt(n)));
				expect(next).toBe(first + BigInt(offsets.length));
			}
			await reader.stop();
		});
	});

	describe("topics", () => {
		it("are created once, and existing ones are left unchanged", async () => {
			const one = spec({ partitions: 3 });
			const second = await another();
			await Promise.all([driver.createTopics([one]), second.createTopics([one])]);
			await driver.createTopics([{ ...one, partitions: 3 }, spec({ cleanup: "compact" })]);
			const extents = await driver.extents(one.name);
			expect(extents.map(({ partition }) => partition)).toEqual([0, 1, 2]);
		});

		it("return the offset of a time", async () => {
			const topic = await topicOf(1);
			await driver.publish(topic, numbered(3, 1));
			await delay(50);
			const between = new Date();
			await delay(50);
			await driver.publish(topic, numbered(3, 1, 3));
			expect(await driver.offsetsAt(topic, new Date(0))).toEqual(new Map([[0, 0n]]));
			expect(await driver.offsetsAt(topic, between)).toEqual(new Map([[0, 3n]]));
			const later = new Date(Date.now() + 60_000);
			expect(await driver.offsetsAt(topic, later)).toEqual(new Map([[0, 6n]]));
		});
	});

	describe("a group", () => {
		it("continues from the consumer's position, even after all members have left", async () => {
			const topic = await topicOf(2);
			await driver.publish(topic, numbered(40, 8));
			const group = `g-${newId()}`;
			const before = await Reader.of(driver, topic, { group });
			await before.has(40);
			await before.stop();
			await driver.publish(topic, numbered(40, 8, 40));
			const after = await Reader.of(await another(), topic, {
				group,
				position: async (_, partition) => before.next.get(partition)
			});
			await after.has(40);
			await delay(300);
			expect(
				after
					.texts()
					.map(Number)
					.sort((a, b) => a - b)
			).toEqual(Array.from({ length: 40 }, (_, n) => n + 40));
			await after.stop();
		});

		it("gets everything, independently of other groups", async () => {
			const topic = await topicOf(2);
			await driver.publish(topic, numbered(10, 3));
			const [one, other] = [await Reader.of(driver, topic), await Reader.of(driver, topic)];
			await Promise.all([one.has(10), other.has(10)]);
			await Promise.all([one.stop(), other.stop()]);
		});

		it("shares its partitions, and takes over those of a member that leaves", async () => {
			const topic = await topicOf(4);
			const group = `g-${newId()}`;
			const next = new Map<number, bigint>();
			const seen: string[] = [];
			const member = async (on: Driver) =>
				Reader.of(on, topic, {
					group,
					position: async (_, partition) => next.get(partition),
					onBatch: async ({ messages, partition }) => {
						seen.push(...messages.map(({ value }) => value.toString()));
						next.set(partition, messages.at(-1)!.offset + 1n);
						return next.get(partition)!;
					}
				});
			const one = await member(driver);
			await until(async () => one.assigned.length === 4, withinMs);
			const other = await member(await another());
			await until(async () => one.assigned.length === 2 && other.assigned.length === 2, withinMs);
			await driver.publish(topic, numbered(100, 20));
			await until(async () => seen.length === 100, withinMs);
			await one.stop();
			await driver.publish(topic, numbered(100, 20, 100));
			await until(async () => new Set(seen).size === 200, withinMs);
			expect(other.assigned).toHaveLength(4);
			await other.stop();
		}, 90_000);

		it("has each partition read by one member at a time, through joins and leaves", async () => {
			const topic = await topicOf(4);
			const group = `g-${newId()}`;
			const next = new Map<number, bigint>();
			const inHand = new Set<number>();
			const seen = new Set<string>();
			let overlaps = 0;
			const onBatch = async ({ partition, messages }: Batch) => {
				if (inHand.has(partition)) overlaps++;
				inHand.add(partition);
				await delay(20);
				inHand.delete(partition);
				for (const { value } of messages) seen.add(value.toString());
				next.set(partition, messages.at(-1)!.offset + 1n);
				return next.get(partition)!;
			};
			const position = async (_: string, partition: number) => next.get(partition);
			const others = await Promise.all([another(), another()]);
			const members = await Promise.all(
				[driver, ...others].map(on => Reader.of(on, topic, { group, onBatch, position }))
			);
			for (let n = 0; n < 10; n++) {
				await driver.publish(topic, numbered(20, 20, n * 20));
				if (n === 3) await members[0]!.stop();
				if (n === 6) members[0] = await Reader.of(driver, topic, { group, onBatch, position });
				await delay(100);
			}
			await until(async () => seen.size === 200, 60_000);
			expect(overlaps).toBe(0);
			await Promise.all(members.map(member => member.stop()));
		}, 120_000);

		it("of a reader to the end gets what is in the log at its start, and ends", async () => {
			const topic = await topicOf(4);
			await readToEnd({
				driver,
				topic,
				take: async () => Promise.reject(new Error("there is nothing"))
			});
			await driver.publish(topic, numbered(100, 7));
			const [got, counts]: [Message[], number[]] = [[], []];
			const take = async (messages: readonly Message[]) => {
				if (got.length === 0) await driver.publish(topic, numbered(20, 7, 100));
				got.push(...messages);
			};
			await readToEnd({ driver, topic, take }, count => counts.push(count));
			expect(counts).toEqual([100]);
			expect(got.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual(
				Array.from({ length: 100 }, (_, n) => n)
			);
			const broken = async () => Promise.reject(new Error("broken"));
			await expect(readToEnd({ driver, topic, take: broken })).rejects.toThrow("broken");
		});
	});

	describe("a batch", () => {
		it("that fails is delivered again, and no later one of its partition before it", async () => {
			const topic = await topicOf(1);
			await driver.publish(topic, numbered(30, 5));
			let failures = 3;
			const reader: Reader = await Reader.of(driver, topic, {
				onBatch: async batch => {
					if (failures-- > 0) throw new Error("not yet");
					return reader.take(batch);
				}
			});
			await driver.publish(topic, numbered(30, 5, 30));
			await reader.has(60);
			expect(reader.texts().map(Number)).toEqual(Array.from({ length: 60 }, (_, n) => n));
			expect(reader.errors.length).toBeGreaterThanOrEqual(3);
			await reader.stop();
		}, 60_000);

		it("may be continued from any offset", async () => {
			const topic = await topicOf(1);
			await driver.publish(topic, numbered(10, 1));
			let rewound = false;
			const reader: Reader = await Reader.of(driver, topic, {
				onBatch: async batch => {
					const next = reader.take(batch);
					if (rewound || next < 10n) return next;
					rewound = true;
					return 4n;
				}
			});
			await reader.has(16);
			expect(reader.texts().slice(-6)).toEqual(["4", "5", "6", "7", "8", "9"]);
			await driver.publish(topic, numbered(1, 1, 10));
			await reader.has(17);
			await reader.stop();
		});

		it("is delivered again from a position that was set back, once the member is told to look", async () => {
			const topic = await topicOf(2);
			const reader = await Reader.of(driver, topic);
			await driver.publish(topic, numbered(10, 8));
			await reader.has(10);
			const [first] = reader.got;
			const own = reader.got.filter(({ partition }) => partition === first!.partition);
			reader.next.set(first!.partition, first!.offset);
			await delay(1500);
			expect(reader.got).toHaveLength(10);
			reader.subscription.reposition();
			await reader.has(10 + own.length);
			const values = (messages: readonly Message[]) => messages.map(({ value }) => String(value));
			expect(values(reader.got.slice(10))).toEqual(values(own));
			reader.subscription.reposition();
			await driver.publish(topic, numbered(10, 8, 10));
			await reader.has(20 + own.length);
			expect(inOrder(reader.got.slice(10 + own.length))).toBe(true);
			await reader.stop();
		}, 60_000);

		it("returns the end of the log", async () => {
			const topic = await topicOf(1);
			await driver.publish(topic, numbered(10, 1));
			const ends: bigint[] = [];
			const reader: Reader = await Reader.of(driver, topic, {
				onBatch: async batch => {
					ends.push(batch.end);
					return reader.take(batch);
				}
			});
			await reader.has(10);
			expect(ends.at(-1)).toBe(10n);
			await reader.stop();
		});

		it("is waited for by a stop, and told that it is stale", async () => {
			const topic = await topicOf(1);
			await driver.publish(topic, numbered(1, 1));
			let state = "none";
			const reader: Reader = await Reader.of(driver, topic, {
				onBatch: async batch => {
					state = "begun";
					while (!batch.isStale()) {
						await delay(20);
					}
					state = "done";
					return reader.take(batch);
				}
			});
			await until(async () => state === "begun", withinMs);
			await reader.stop();
			expect(state).toBe("done");
		});
	});

	it("begins with the oldest message when the position is beyond the end, as after the loss of a log", async () => {
		const topic = await topicOf(1);
		await driver.publish(topic, numbered(3, 1));
		const reader = await Reader.of(driver, topic, { position: async () => 1000n });
		await reader.has(3);
		expect(reader.texts()).toEqual(["0", "1", "2"]);
		await reader.stop();
	}, 60_000);

	it("asks again when its position cannot be read", async () => {
		const topic = await topicOf(1);
		await driver.publish(topic, numbered(3, 1));
		let asked = 0;
		const reader = await Reader.of(driver, topic, {
			position: async () => {
				if (asked++ < 2) throw new Error("the database is away");
				return 1n;
			}
		});
		await reader.has(2);
		expect(reader.texts()).toEqual(["1", "2"]);
		await reader.stop();
	}, 60_000);
}
