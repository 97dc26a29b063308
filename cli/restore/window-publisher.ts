import { LaunchError } from "../../launch/process/launch-error.ts";
import { printRetry } from "../../launch/process/retry-warning.ts";
import {
	applyRecord,
	engineTopic,
	type Ownership
} from "../../services/analytics/ownership/engine-log.ts";
import { NoSuchTopic, type Driver, type Message } from "../../streams/driver.ts";
import { readToEnd } from "../../streams/read-to-end.ts";

/** Undefined where no engine claimed the windows yet. Unlike `EngineLog`, it makes no topic. */
async function readOwnership(driver: Driver): Promise<Ownership | undefined> {
	let ownership: Ownership | undefined;
	const take = async (messages: readonly Message[]) => {
		ownership = messages.reduce(applyRecord, ownership);
	};
	try {
		await readToEnd({ driver, topic: engineTopic.name, take, onError: printRetry });
	} catch (error) {
		if (!(error instanceof NoSuchTopic)) throw error;
	}
	return ownership;
}

/** Flink counts voided events too, and would publish their sums. @throws LaunchError while it publishes windows, or is to */
export async function assertNotByFlink(driver: Driver): Promise<void> {
	const ownership = await readOwnership(driver);
	if (!ownership) return;
	const isOwner = "owner" in ownership;
	const engine = isOwner ? ownership.owner : ownership.successor;
	if (engine === "builtin") return;
	const found = isOwner ? "are published by" : "are being handed over to";
	throw new LaunchError(
		`The windows ${found} the Flink job, which counts events that this command voids: cancel it, and run npm run stream -- engine builtin first.`
	);
}
