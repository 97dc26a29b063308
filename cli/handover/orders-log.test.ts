import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import { NoSuchTopic, type Driver, type Extent } from "../../streams/driver.ts";
import { assertLogSuffices } from "./orders-log.ts";

const hourMs = 3_600_000;
const now = Date.UTC(2026, 2, 1, 12);

/** A log whose partitions have these offsets, and keep messages that came so many hours ago, one for each offset. */
function logOf(partitions: readonly { first: number; hoursAgo: readonly number[] }[]): Driver {
	const extents = partitions.map(({ first, hoursAgo }, partition): Extent => {
		return { partition, first: BigInt(first), next: BigInt(first + hoursAgo.length) };
	});
	const offsetsAt = (_: string, at: Date) =>
		new Map(
			partitions.map(({ first, hoursAgo }, partition) => {
				const index = hoursAgo.findIndex(hours => now - hours * hourMs >= at.getTime());
				return [partition, BigInt(first + (index < 0 ? hoursAgo.length : index))];
			})
		);
	return {
		extents: async () => extents,
		offsetsAt: async (topic: string, at: Date) => offsetsAt(topic, at)
	} as unknown as Driver;
}

it.each<[what: string, partitions: Parameters<typeof logOf>[0], keptHours: number, ok: boolean]>([
	["is new", [{ first: 0, hoursAgo: [] }], 168, true],
	["has lost nothing", [{ first: 0, hoursAgo: [2, 1] }], 168, true],
	["has lost events of more than a day ago", [{ first: 3, hoursAgo: [26, 1] }], 168, true],
	["has lost events of 24.5 h ago", [{ first: 3, hoursAgo: [24.5, 1] }], 168, false],
	["begins an hour ago", [{ first: 3, hoursAgo: [1] }], 168, false],
	[
		"has lost them in one partition",
		[
			{ first: 0, hoursAgo: [1] },
			{ first: 9, hoursAgo: [2] }
		],
		168,
		false
	],
	["has a partition in which all has expired", [{ first: 3, hoursAgo: [] }], 168, true],
	["has one, and keeps events for a day", [{ first: 3, hoursAgo: [] }], 24, false],
	["has one, and deletes by size", [{ first: 3, hoursAgo: [] }], 0, false],
	["has one, and deletes nothing", [{ first: 3, hoursAgo: [] }], Infinity, false],
	["is new, and deletes nothing", [{ first: 0, hoursAgo: [] }], Infinity, true]
])("a log that %s", async (_, partitions, keptHours, ok) => {
	const done = assertLogSuffices(
		{ driver: logOf(partitions), keptMs: async () => keptHours * hourMs },
		now
	);
	if (ok) return expect(await done).toBeUndefined();
	const error = await done.catch((caught: unknown) => caught);
	expect(error).toBeInstanceOf(LaunchError);
	expect(error).toMatchObject({
		message: expect.stringMatching(
			/may have lost events of the last 25 h \(partition \d\).* so the Flink job could not/
		),
		exitCode: exitCodes.configuration
	});
});

it("a log without the topic", async () => {
	const driver = { extents: () => Promise.reject(new NoSuchTopic("orders")) } as unknown as Driver;
	const sentence =
		/^There is no topic orders: nodes of analytics make it when they start, so the Flink job/;
	await expect(assertLogSuffices({ driver, keptMs: async () => Infinity }, now)).rejects.toThrow(
		sentence
	);
});
