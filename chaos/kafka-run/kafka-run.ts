import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { effects } from "../checkers/effects.checker.ts";
import { everyMinute, results, unmarked, type LogEvidence } from "../checkers/log.checker.ts";
import { windows } from "../checkers/windows.checker.ts";
import { published } from "../checkers/published.checker.ts";
import { poll } from "../../lib/retry.ts";
import { rows } from "../../db/client.ts";
import { OutboxWriter } from "./outbox-writer.ts";
import { collectLogEvidence, type TrafficSpan } from "./log-evidence.ts";
import { LogStorm, type LogFaults, type LogStormOptions } from "./log-storm.ts";
import { unprocessed } from "../evidence/event-stream.ts";
import { FailpointInjector } from "../faults/failpoint-injector.ts";
import { traffic } from "../../workload/event-traffic.ts";
import type { Finding } from "../run/chaos-run.ts";
import { Cluster, type ClusterOptions } from "../cluster/cluster.ts";

export interface KafkaRunOptions extends LogStormOptions {
	seed: number;
	events: number;
	/** Events written in a second. */
	perSecond: number;
	/** Called with a progress line. */
	onProgress(line: string): void;
	/** Called with the cluster, so that it can be closed if the run is aborted. */
	onCluster(cluster: Cluster): void;
}

/** Result of half an hour of events over a broker. */
export interface KafkaRunReport {
	events: number;
	duplicated: number;
	faults: LogFaults;
	findings: Finding[];
	tookMs: number;
}

const checkers = [published, effects, unmarked, windows, everyMinute, results] as const;
const nodes = ["order=2", "analytics=2", "notification=2"];
const halfHour = 30;
const partitions = 24;
/** Fewer than partitions, so that some partitions are empty. */
const users = Array.from({ length: 18 }, (_, index) => `buyer-${index}`);
const duplicateShare = 0.05;
const settledWithinMs = 120_000;
const progressEveryMs = 5000;

/** Events that are not processed: in an outbox, before a consumer, in a window that is not emitted. */
const unsettled = `select waiting + ((select count(*) from analytics.outbox where published_at is null)
	+ (select count(*) from analytics.windows where dirty or revision = 0))::int as waiting from (${unprocessed}) as b`;

/** Sends half an hour of events through a broker in some two minutes, while relays, consumers and brokers are killed. */
export async function runOverKafka(
	{ root, folder, packaged }: Pick<ClusterOptions, "root" | "folder" | "packaged">,
	options: KafkaRunOptions
): Promise<KafkaRunReport> {
	const startedAt = performance.now();
	const failpoints = new FailpointInjector();
	const cluster = await Cluster.start({
		root,
		folder,
		nodes,
		kafka: true,
		packaged,
		environment: { STREAM_PARTITIONS: String(partitions) },
		onHit: (node, hit) => failpoints.onHit(node, hit)
	});
	options.onCluster(cluster);
	const url = cluster.servers.postgres.url;
	await registerUsers(url);
	const { seed, events, perSecond, onProgress } = options;
	const from = new Date(Math.floor(Date.now() / 60_000 - halfHour - 10) * 60_000);
	const trafficEvents = traffic({ seed, events, from, minutes: halfHour, users });
	const outboxWriter = new OutboxWriter({
		url,
		events: trafficEvents,
		perSecond,
		duplicateShare: duplicateShare,
		seed
	});
	const storm = new LogStorm(cluster, failpoints, options);
	const progressTimer = setInterval(
		() => onProgress(progressOf(outboxWriter, trafficEvents.length, storm)),
		progressEveryMs
	);
	let isOver = false;
	const faults = storm.run().finally(() => (isOver = true));
	await Promise.all([outboxWriter.run(() => isOver), faults]).finally(() =>
		clearInterval(progressTimer)
	);
	await cluster.heal();
	const span: TrafficSpan = { from, minutes: halfHour, duplicated: outboxWriter.duplicated };
	await waitUntilSettled(cluster);
	const findingsOfStorm = findings(await collectLogEvidence(url, cluster.servers.kafka!, span), "");
	onProgress("the broker loses its data; refilling the log");
	await loseAndRefillLog(cluster, root);
	await waitUntilSettled(cluster);
	const refilled = await collectLogEvidence(url, cluster.servers.kafka!, span);
	await cluster.stop();
	return {
		events: trafficEvents.length,
		duplicated: outboxWriter.duplicated,
		faults: storm.faults,
		findings: [
			...findingsOfStorm,
			...findings(refilled, ", after the loss of the broker's data"),
			faultCountsReached(storm.faults, options)
		],
		tookMs: performance.now() - startedAt
	};
}

function progressOf(outboxWriter: OutboxWriter, of: number, { faults }: LogStorm): string {
	const { relayKills, consumerKills, brokerKills, rebalances, injected } = faults;
	return `${outboxWriter.written} of ${of} events; ${injected.length} failpoints triggered, ${relayKills} relays, ${consumerKills} consumers and ${brokerKills} brokers killed, ${rebalances} rebalances`;
}

function findings(evidence: LogEvidence, when: string): Finding[] {
	return checkers.map(({ promise, title, examined, violations }) => ({
		promise,
		title: `Kafka: ${title}${when}`,
		examined: examined(evidence),
		violations: violations(evidence)
	}));
}

/** A storm that ended too early proves less than its title says. */
function faultCountsReached(faults: LogFaults, wanted: LogStormOptions): Finding {
	const counts = ["relayKills", "consumerKills", "brokerKills", "rebalances"] as const;
	const short = counts.filter(count => faults[count] < wanted[count]);
	const violations = [
		...short.map(count => ({ what: `${count}: ${faults[count]} of ${wanted[count]}` })),
		...faults.missed
			.filter(name => !faults.injected.includes(name))
			.map(name => ({ what: `${name} was not reached` }))
	];
	const { relayKills, consumerKills, brokerKills, brokerPauses, rebalances, injected } = faults;
	const examined = `${relayKills} relays, ${consumerKills} consumers and ${brokerKills} brokers killed, ${brokerPauses} pause, ${rebalances} rebalances, ${injected.length} failpoints triggered`;
	return { promise: "", title: "Kafka: every fault took place", examined, violations };
}

/** So that there is an address to write to. */
async function registerUsers(url: string): Promise<void> {
	await rows(
		url,
		`insert into users.users (id, email, name, password_hash, role)
		select id, id || '@shop.test', id, '-', 'customer' from unnest($1::text[]) as id`,
		[users]
	);
}

/** Waits until all events are processed; those that never are become violations. */
async function waitUntilSettled(cluster: Cluster): Promise<void> {
	const { url } = cluster.servers.postgres;
	const isSettled = async () =>
		(await rows<{ waiting: number }>(url, unsettled))[0]!.waiting === 0 && cluster.ready;
	await poll(isSettled, { everyMs: 250, withinMs: settledWithinMs });
}

/** As an operator does it: refills the log, then resets and re-emits the windows. */
async function loseAndRefillLog(cluster: Cluster, root: string): Promise<void> {
	await cluster.servers.kafka!.kill(1000, { loss: true });
	const { PATH = "", HOME = "" } = process.env;
	const env = { PATH, HOME, TOKEN_PRIVATE_KEY: cluster.keys.privateKey, DATA_DIR: cluster.folder };
	const stream = (...words: string[]) =>
		promisify(execFile)(
			process.execPath,
			[join(root, "cli/stream.ts"), ...words, "--url", cluster.url],
			{ env }
		);
	await stream("refill", "--from", "2000-01-01T00:00:00Z");
	await waitUntilSettled(cluster);
	await stream("replay", "--group", "analytics", "--from", "oldest");
}
