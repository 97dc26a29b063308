import type { Driver } from "../../../streams/driver.ts";
import { EngineLog } from "./engine-log.ts";
import { EngineOwner, recheckMs } from "./engine-owner.ts";

const driver = { kind: "kafka" } as Driver;

it.each([
	["at once", 0, true],
	[`in ${recheckMs - 1} ms`, recheckMs - 1, true],
	[`in ${recheckMs} ms`, recheckMs, false],
	["after a machine was suspended for an hour", 3_600_000, false]
])("an answer that comes %s, and counts from when it was asked for", async (_, tookMs, counts) => {
	const startMs = Date.UTC(2026, 2, 1);
	const clock = jest.spyOn(Date, "now").mockReturnValue(startMs);
	const look = jest.spyOn(EngineLog.prototype, "read").mockImplementation(async () => {
		clock.mockReturnValue(startMs + tookMs);
		return { owner: "builtin" };
	});
	const owner = new EngineOwner({ driver, engine: "builtin" });
	const answer = owner.mayPublish().catch((error: Error) => error.message);
	expect(await answer).toBe(
		counts || "it took more than 5 s to ask who publishes the windows, so nothing is published"
	);
	expect(look).toHaveBeenCalledTimes(1);
	jest.restoreAllMocks();
});
