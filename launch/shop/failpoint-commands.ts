import { config } from "../../config/index.ts";
import { arm, disarmAll, onHit, type Arming } from "../../lib/failpoint.ts";

/** Messages of a harness to a node over its IPC channel. */
export type FailpointCommand = { arm: Arming[] } | { disarm: true };

const isFailpointCommand = (message: unknown): message is FailpointCommand =>
	typeof message === "object" && message !== null && ("arm" in message || "disarm" in message);

/**
 * Lets the parent process arm failpoints, and sends it `{ hit }` for each hit. A production node does not
 * listen.
 */
export function listenForFailpointCommands(): void {
	const { production, failpoints } = config();
	if (production) return;
	onHit(
		hit =>
			new Promise(resolve => (process.send ? process.send({ hit }, () => resolve()) : resolve()))
	);
	failpoints.forEach(arm);
	process.on("message", message => {
		if (!isFailpointCommand(message)) return;
		if ("disarm" in message) disarmAll();
		else message.arm.forEach(arm);
		process.send?.({ armed: true });
	});
}
