import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import {
	EngineLog,
	engineTopic,
	flinkOwnerSince,
	type Engine,
	type Ownership
} from "../../services/analytics/ownership/engine-log.ts";
import { recheckMs } from "../../services/analytics/ownership/engine-owner.ts";
import type { Driver, Message } from "../../streams/driver.ts";
import { readToEnd } from "../../streams/read-to-end.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import { printRetry } from "../../launch/process/retry-warning.ts";
import { adoptRevisions } from "./adoption.ts";
import { assertLogSuffices } from "./orders-log.ts";
import { highestRevisions } from "./published-windows.ts";

/**
 * A publication that has not arrived by then has failed: kafkajs makes four attempts, each of which may connect (3 s), ask
 * where the partition is (5 s) and send (5 s). Flink's limit is shorter (JobPlan.java).
 */
const publishesWithinMs = 4 * 13_000;
/** The engine before has asked again by then, and has published what it was publishing. */
export const stopsWithinMs = Math.ceil((recheckMs + publishesWithinMs) / 10_000) * 10_000;

export function ownershipLine(ownership: Ownership | undefined): string {
	if (!ownership) return "No engine has published windows yet.";
	if ("owner" in ownership) return `Windows are published by the engine ${ownership.owner}.`;
	const { successor } = ownership;
	return `Windows are being handed over to the engine ${successor}: nothing publishes them until npm run stream -- engine ${successor} has ended.`;
}

const overtaken = (to: Engine, found: Ownership | undefined) =>
	new LaunchError(
		`The windows were not handed over to the engine ${to}, because another handover has started since. ${ownershipLine(found)}`,
		exitCodes.configuration
	);

/** By the clock of the log. */
async function flinkSince(driver: Driver): Promise<Date | undefined> {
	const all: Message[] = [];
	const take = async (messages: readonly Message[]) => void all.push(...messages);
	await readToEnd({ driver, topic: engineTopic.name, take, onError: printRetry });
	return flinkOwnerSince(all);
}

export interface HandoverOptions {
	driver: Driver;
	to: Engine;
	/** The database, where the analytics service is to publish: it gets the revisions that readers know. */
	client?: pg.Client;
	/** How long the topic of orders keeps them. */
	keptMs(): Promise<number>;
	/** Less where the engine before is stopped. */
	waitMs?: number;
	print(line: string): void;
}

/** Lets no engine publish, waits until the one before has stopped, and then lets the other one. May be repeated. @throws LaunchError */
export async function handOver(options: HandoverOptions): Promise<void> {
	const { driver, to, client, waitMs = stopsWithinMs, print } = options;
	const log = new EngineLog(driver);
	try {
		const before = await log.read();
		if (before && "owner" in before && before.owner === to) return print(ownershipLine(before));
		if (to === "flink") await assertLogSuffices(options);
		await log.append({ engine: to, step: "release" });
		print(`Nothing publishes windows now; the engine before has ${waitMs / 1000} s to stop.`);
		await sleep(waitMs);
		if (client) {
			const since = await flinkSince(driver);
			const known = await highestRevisions(driver, since);
			const windows = await adoptRevisions(client, known, since?.toISOString());
			print(`${windows} windows will be published again, in higher revisions.`);
		}
		await log.append({ engine: to, step: "take" });
		const after = await log.read();
		if (!after || !("owner" in after) || after.owner !== to) throw overtaken(to, after);
		print(ownershipLine(after));
	} finally {
		await log.close();
	}
}
