import type { Session } from "../../db/database.ts";
import type { Extent } from "../driver.ts";
import { pause, poll } from "../../lib/retry.ts";
import { ConsumerHealth } from "./consumer.health.ts";

/** A consumer of one partition in which a message waits. */
function watched(extents: () => Promise<Extent[]>) {
	const stalled: string[] = [];
	const errors: string[] = [];
	const health = new ConsumerHealth({
		driver: { extents },
		db: { apart: work => work({} as Session) },
		positions: { ofTopic: async () => new Map([[0, 0n]]) },
		group: "readers",
		topics: ["orders"],
		everyMs: 10,
		silentMs: 50,
		expectedOffset: () => 0n,
		onMoved: () => undefined,
		onStalled: text => stalled.push(text),
		onError: ({ message }) => errors.push(message)
	});
	health.assign([{ topic: "orders", partition: 0 }]);
	health.start();
	return { health, stalled, errors };
}
const extents: Extent[] = [{ partition: 0, first: 0n, next: 1n }];

describe("the health of a consumer", () => {
	it("is seen though one check never ends", async () => {
		let checks = 0;
		const never = new Promise<Extent[]>(() => undefined);
		const { health, stalled } = watched(async () => (++checks === 1 ? never : extents));
		await poll(() => stalled.length > 0, { everyMs: 5, withinMs: 5000 });
		expect(stalled[0]).toContain("consumer readers made no progress");
		health.stop();
		const before = checks;
		await pause(40);
		expect(checks).toBe(before);
	});

	it("is unknown while a check fails, also one that fails late", async () => {
		const late = () => pause(25).then(() => Promise.reject(new Error("the log is silent")));
		const { health, stalled, errors } = watched(late);
		await poll(() => errors.length > 5, { everyMs: 5, withinMs: 5000 });
		health.stop();
		expect(errors[0]).toBe("the log is silent");
		expect(stalled).toEqual([]);
	});
});
