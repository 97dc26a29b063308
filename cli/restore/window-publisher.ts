import { LaunchError } from "../../launch/process/launch-error.ts";
import { EngineLog } from "../../services/analytics/ownership/engine-log.ts";
import type { Driver } from "../../streams/driver.ts";

/** Flink counts voided events too, and would publish their sums. @throws LaunchError while it publishes windows, or is to */
export async function assertNotByFlink(driver: Driver): Promise<void> {
	const log = new EngineLog(driver);
	const ownership = await log.read().finally(() => log.close());
	if (!ownership) return;
	const isOwner = "owner" in ownership;
	const engine = isOwner ? ownership.owner : ownership.successor;
	if (engine === "builtin") return;
	const found = isOwner ? "are published by" : "are being handed over to";
	throw new LaunchError(
		`The windows ${found} the Flink job, which counts events that this command voids: cancel it, and run npm run stream -- engine builtin first.`
	);
}
