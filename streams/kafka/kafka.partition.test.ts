import { setImmediate as turn } from "node:timers/promises";
import type { KafkaMessage } from "kafkajs";
import { OffsetLost, type Batch, type Extent } from "../driver.ts";
import { KafkaPartition } from "./kafka.partition.ts";

/** Messages of these offsets, as kafkajs delivers them. */
const fetched = (from: number, to: number): KafkaMessage[] =>
	Array.from({ length: to - from }, (_, index) => ({
		offset: String(from + index),
		key: null,
		value: Buffer.from("{}"),
		headers: {},
		timestamp: "0",
		attributes: 0
	}));

/** A partition whose consumer resolves when the test says so. */
interface Given {
	position?: bigint;
	/** The position that it gets, instead of `position`. */
	asked?: Promise<bigint>;
	extent?: { first: bigint; next: bigint };
}

function partitionOf({ position = 0n, extent = { first: 0n, next: 1000n }, asked }: Given = {}) {
	const calls: { batch: Batch; answer: PromiseWithResolvers<bigint> }[] = [];
	const errors: Error[] = [];
	const steered: string[] = [];
	const state = { position, extent };
	const partition = new KafkaPartition(
		"orders",
		0,
		{
			group: "g",
			topics: ["orders"],
			position: async () => asked ?? state.position,
			onBatch(batch) {
				calls.push({ batch, answer: Promise.withResolvers() });
				return calls.at(-1)!.answer.promise;
			},
			onError: error => void errors.push(error)
		},
		{
			seek: offset => void steered.push(`seek ${offset}`),
			pause: () => void steered.push("pause"),
			resume: () => void steered.push("resume"),
			extent: async (): Promise<Extent> => {
				// As long as a broker takes: other things happen meanwhile.
				await turn();
				return { partition: 0, ...state.extent };
			},
			moved: () => undefined
		}
	);
	const offsets = () =>
		calls.map(({ batch: { messages } }) => [
			Number(messages[0]!.offset),
			Number(messages.at(-1)!.offset)
		]);
	return { partition, calls, errors, steered, state, offsets };
}

async function started(given: Given = {}) {
	const it = partitionOf(given);
	it.partition.start(Promise.resolve());
	while (it.steered.at(-1) !== "resume") await turn();
	return it;
}

describe("a partition in Kafka", () => {
	it("fetches the next batch while one is being handled, and handles one at a time", async () => {
		const { partition, calls, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		expect(steered.at(-1)).toBe("seek 10");
		const second = partition.take(fetched(10, 20), 10n, 30n);
		await turn();
		expect(steered.at(-1)).toBe("seek 20");
		expect(offsets()).toEqual([[0, 9]]);
		calls[0]!.answer.resolve(10n);
		await second;
		expect(offsets()).toEqual([
			[0, 9],
			[10, 19]
		]);
	});

	it("drops the waiting batch when the one before it fails, and fetches it again after that one", async () => {
		const { partition, calls, errors, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		const second = partition.take(fetched(10, 20), 10n, 30n);
		calls[0]!.answer.reject(new Error("the database is down"));
		await second;
		expect(errors.map(({ message }) => message)).toEqual(["the database is down"]);
		expect(steered.at(-1)).toBe("pause");
		await partition.take(fetched(10, 20), 10n, 30n);
		expect(offsets()).toEqual([[0, 9]]);
		while (steered.at(-1) !== "resume") await turn();
		expect(steered.at(-2)).toBe("seek 0");
		await partition.take(fetched(0, 10), 0n, 30n);
		expect(offsets()).toEqual([
			[0, 9],
			[0, 9]
		]);
	});

	it("drops the waiting batch when the consumer continues elsewhere", async () => {
		const { partition, calls, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		const second = partition.take(fetched(10, 20), 10n, 30n);
		calls[0]!.answer.resolve(5n);
		await second;
		expect(steered.slice(-2)).toEqual(["seek 5", "resume"]);
		await partition.take(fetched(5, 20), 5n, 30n);
		expect(offsets()).toEqual([
			[0, 9],
			[5, 19]
		]);
	});

	it("reads the position between two batches, even if one is always waiting", async () => {
		const { partition, calls, state, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		const second = partition.take(fetched(10, 20), 10n, 30n);
		state.position = 3n;
		partition.reposition();
		calls[0]!.answer.resolve(10n);
		await second;
		while (steered.at(-1) !== "resume") await turn();
		expect(steered.at(-2)).toBe("seek 3");
		expect(offsets()).toEqual([[0, 9]]);
	});

	it("drops the waiting batch when it is revoked", async () => {
		const { partition, calls, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		const second = partition.take(fetched(10, 20), 10n, 30n);
		partition.leave();
		await second;
		expect(calls[0]!.batch.isStale()).toBe(true);
		calls[0]!.answer.resolve(10n);
		await partition.handled;
		await turn();
		expect(offsets()).toEqual([[0, 9]]);
		expect(steered.at(-1)).toBe("pause");
	});

	it("pauses while a batch waits for long, and resumes when that is being handled", async () => {
		const { partition, calls, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		await partition.take(fetched(10, 20), 10n, 30n);
		expect(steered.at(-1)).toBe("pause");
		calls[0]!.answer.resolve(10n);
		await turn();
		expect(steered.at(-1)).toBe("resume");
		expect(offsets()).toEqual([
			[0, 9],
			[10, 19]
		]);
	});

	it("starts at the oldest message after the loss of a log, while a batch of the old one is being handled", async () => {
		const { partition, calls, errors, offsets, state } = await started({ position: 500n });
		await partition.take(fetched(500, 510), 500n, 600n);
		state.extent = { first: 0n, next: 7n };
		const second = partition.take(fetched(0, 7), 0n, 7n);
		while (errors.length === 0) await turn();
		calls[0]!.answer.resolve(510n);
		await second;
		expect(errors[0]).toBeInstanceOf(OffsetLost);
		expect(offsets()).toEqual([
			[500, 509],
			[0, 6]
		]);
	});

	it("drops messages that were fetched before the partition went back", async () => {
		const { partition, calls, errors, steered, offsets } = await started();
		await partition.take(fetched(0, 10), 0n, 30n);
		calls[0]!.answer.resolve(4n);
		while (steered.at(-1) !== "resume") await turn();
		steered.length = 0;
		// kafkajs had it in its queue meanwhile.
		await partition.take(fetched(10, 20), 10n, 30n);
		expect([errors, offsets()]).toEqual([[], [[0, 9]]]);
		expect(steered).toEqual(["seek 4", "resume"]);
		await partition.take(fetched(4, 20), 4n, 30n);
		expect(offsets()[1]).toEqual([4, 19]);
	});

	it("reports expired messages, and accepts compacted ones", async () => {
		const { partition, errors, offsets, calls } = await started({
			position: 50n,
			extent: { first: 40n, next: 100n }
		});
		await partition.take(fetched(52, 60), 50n, 100n);
		expect([errors.length, offsets()]).toEqual([1, [[52, 59]]]);
		calls[0]!.answer.resolve(60n);
		await turn();
		const gone = await started({ position: 50n, extent: { first: 40n, next: 100n } });
		gone.state.extent = { first: 80n, next: 100n };
		await gone.partition.take(fetched(80, 90), 80n, 100n);
		expect(gone.errors[0]).toBeInstanceOf(OffsetLost);
		expect(gone.offsets()).toEqual([[80, 89]]);
	});

	it("does not seek once it is revoked, even if its position arrives late", async () => {
		const asked = Promise.withResolvers<bigint>();
		const { partition, steered } = partitionOf({ asked: asked.promise });
		partition.start(Promise.resolve());
		await turn();
		partition.leave();
		const before = steered.length;
		asked.reject(new Error("too late"));
		await turn();
		expect(steered.length).toBe(before);
	});

	it("ignores the log's end when it continues elsewhere meanwhile", async () => {
		const { partition, calls, steered } = await started({ position: 500n });
		await partition.take(fetched(500, 510), 500n, 600n);
		const second = partition.take(fetched(490, 500), 490n, 600n);
		calls[0]!.answer.resolve(505n);
		await second;
		await turn();
		expect(steered.slice(-2)).toEqual(["seek 505", "resume"]);
	});
});
