import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { effects } from "../checkers/effects.checker.ts";
import { everyMinute, results, unmarked, type LogEvidence } from "../checkers/log.checker.ts";
import { minutes } from "../checkers/windows.checker.ts";
import { published } from "../checkers/published.checker.ts";
import { Feeder } from "./outbox-writer.ts";
import { gatherLog, type HalfHour } from "./log-evidence.ts";
import { LogStorm, type LogFaults, type LogStormOptions } from "./log-storm.ts";
import { behind } from "../evidence/event-stream.ts";
import { Strikes } from "../faults/failpoint-injector.ts";
import { traffic } from "../../workload/event-traffic.ts";
import type { Finding } from "../run/chaos-run.ts";
import { World } from "../cluster/cluster.ts";

export interface LogProofOptions extends LogStormOptions {
	seed: number;
	events: number;
	/** Events written in a second. */
	perSecond: number;
	/** Told where it stands. */
	say(line: string): void;
	/** Told of the world, so that it can be closed when all is broken off. */
	onWorld(world: World): void;
}

/** What came of half an hour of events over a broker. */
export interface LogProof {
	events: number;
	doubled: number;
	faults: LogFaults;
	findings: Finding[];
	tookMs: number;
}

const checkers = [published, effects, unmarked, minutes, everyMinute, results] as const;
const nodes = ["order=2", "analytics=2", "notification=2"];
const halfHour = 30;
const partitions = 24;
/** Fewer than partitions, so that some have nobody's events. */
const users = Array.from({ length: 18 }, (_, index) => `buyer-${index}`);
const doubledShare = 0.05;
const settledWithinMs = 120_000;
const sayEveryMs = 5000;

/** Events that wait anywhere: in an outbox, before a consumer, in a window that nobody was told of. */
const unsettled = `select waiting + ((select count(*) from analytics.outbox where published_at is null)
	+ (select count(*) from analytics.windows where dirty or revision = 0))::int as waiting from (${behind}) as b`;

/** Half an hour of events goes through a broker in some two minutes, while everyone on their way is killed. */
export async function proveLog(
	{ root, folder }: { root: string; folder: string },
	options: LogProofOptions
): Promise<LogProof> {
	const begun = performance.now();
	const strikes = new Strikes();
	const world = await World.start({
		...{ root, folder, nodes, kafka: true },
		environment: { STREAM_PARTITIONS: String(partitions) },
		onHit: (node, hit) => strikes.hear(node, hit)
	});
	options.onWorld(world);
	const url = world.servers.postgres.url;
	await register(url);
	const { seed, events, perSecond, say } = options;
	const from = new Date(Math.floor(Date.now() / 60_000 - halfHour - 10) * 60_000);
	const happenings = traffic({ seed, events, from, minutes: halfHour, users });
	const feeder = new Feeder({ url, happenings, perSecond, doubled: doubledShare, seed });
	const storm = new LogStorm(world, strikes, options);
	const teller = setInterval(() => say(progressOf(feeder, happenings.length, storm)), sayEveryMs);
	let isOver = false;
	const faults = storm.run().finally(() => (isOver = true));
	await Promise.all([feeder.run(() => isOver), faults]).finally(() => clearInterval(teller));
	await world.heal();
	const what: HalfHour = { from, minutes: halfHour, doubled: feeder.doubled };
	await settle(world);
	const storms = findings(await gatherLog(url, world.servers.kafka!, what), "");
	say("the broker loses its data, and the log is filled again");
	await refill(world, root);
	await settle(world);
	const refilled = await gatherLog(url, world.servers.kafka!, what);
	await world.stop();
	return {
		...{ events: happenings.length, doubled: feeder.doubled, faults: storm.faults },
		findings: [
			...storms,
			...findings(refilled, ", after the loss of the broker's data"),
			enough(storm.faults, options)
		],
		tookMs: performance.now() - begun
	};
}

function progressOf(feeder: Feeder, of: number, { faults }: LogStorm): string {
	const { relayKills, consumerKills, brokerKills, rebalances, struck } = faults;
	return `${feeder.written} of ${of} events; ${struck.length} strikes, ${relayKills} relays, ${consumerKills} consumers and ${brokerKills} brokers killed, ${rebalances} rebalances`;
}

function findings(evidence: LogEvidence, when: string): Finding[] {
	return checkers.map(({ promise, title, looked, violations }) => ({
		promise,
		title: `Kafka: ${title}${when}`,
		looked: looked(evidence),
		violations: violations(evidence)
	}));
}

/** A storm that was over too early proves less than it is said to. */
function enough(faults: LogFaults, wanted: LogStormOptions): Finding {
	const counts = ["relayKills", "consumerKills", "brokerKills", "rebalances"] as const;
	const short = counts.filter(count => faults[count] < wanted[count]);
	const violations = [
		...short.map(count => ({ what: `${count}: ${faults[count]} of ${wanted[count]}` })),
		...faults.missed
			.filter(name => !faults.struck.includes(name))
			.map(name => ({ what: `${name} was not reached` }))
	];
	const { relayKills, consumerKills, brokerKills, brokerPauses, rebalances, struck } = faults;
	const looked = `${relayKills} relays, ${consumerKills} consumers and ${brokerKills} brokers killed, ${brokerPauses} pause, ${rebalances} rebalances, ${struck.length} strikes`;
	return { promise: "", title: "Kafka: every fault took place", looked, violations };
}

/** So that there is an address to write to. */
async function register(url: string): Promise<void> {
	await query(
		url,
		`insert into users.users (id, email, name, password_hash, role)
		select id, id || '@shop.test', id, '-', 'customer' from unnest($1::text[]) as id`,
		[users]
	);
}

async function query<R extends pg.QueryResultRow>(
	url: string,
	sql: string,
	values: unknown[] = []
) {
	const client = new pg.Client(url);
	await client.connect();
	return (await client.query<R>(sql, values).finally(() => client.end())).rows;
}

/** Waits until nothing waits any more; what never comes is a violation. */
async function settle(world: World): Promise<void> {
	const { url } = world.servers.postgres;
	for (const end = performance.now() + settledWithinMs; performance.now() < end;) {
		const [row] = await query<{ waiting: number }>(url, unsettled);
		if (row!.waiting === 0 && world.ready) return;
		await sleep(250);
	}
}

/** As an operator does it: the log is filled again, then the windows are made anew and told of. */
async function refill(world: World, root: string): Promise<void> {
	await world.servers.kafka!.kill(1000, { loss: true });
	const { PATH = "", HOME = "" } = process.env;
	const env = { PATH, HOME, TOKEN_PRIVATE_KEY: world.keys.privateKey, DATA_DIR: world.folder };
	const stream = (...words: string[]) =>
		promisify(execFile)(
			process.execPath,
			[join(root, "cli/stream.ts"), ...words, "--url", world.url],
			{ env }
		);
	await stream("refill", "--from", "2000-01-01T00:00:00Z");
	await settle(world);
	await stream("replay", "--group", "analytics", "--from", "oldest");
}
