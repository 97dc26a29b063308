import type { KafkaRunReport } from "./kafka-run/kafka-run.ts";
import type { ChaosReport } from "./run/full-run.ts";
import { slowest } from "./run/recovery.ts";

export interface RunInfo {
	/** `ci`, `nightly`, or `changed` if options differ. */
	tier: string;
	/** The arguments of `npm run chaos` that repeat this run, without the seed. */
	args: readonly string[];
	commit: string;
	at: Date;
	/** From the first process to the last, in ms. */
	tookMs: number;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const table = (head: string[], rows: (string | number)[][]) =>
	[head, head.map(() => "---"), ...rows].map(cells => `| ${cells.join(" | ")} |`).join("\n");

function promiseTable({ findings }: ChaosReport): string {
	return table(
		["", "promise", "", "examined", "violations"],
		findings.map(({ promise, title, examined, violations }) => [
			violations.length === 0 ? "✔" : "✘",
			promise,
			title,
			examined,
			violations.length
		])
	);
}

function recoveryLines({ recoveries }: ChaosReport): string[] {
	const service = slowest(recoveries, "serviceMs");
	const orders = slowest(recoveries, "ordersMs");
	return [
		service
			? `Slowest recovery of a service: ${seconds(service.ms)} (${service.node} was killed): from the kill to the next thing that any node of this service is seen to have done.`
			: "",
		orders
			? `Slowest recovery of an order: ${seconds(orders.ms)} (${orders.node} was killed): from the kill to the moment at which the last of the orders that were then under way came to rest, other faults in between included.`
			: ""
	].filter(Boolean);
}

/** Violations, and the timeline of one order of each kind. */
function violationSections({ findings, timelines }: ChaosReport): string[] {
	const broken = findings.filter(({ violations }) => violations.length > 0);
	if (broken.length === 0) return [];
	const lines = broken.flatMap(({ promise, violations }) =>
		violations.slice(0, 20).map(({ what, order_id }) => `- ${promise}: ${order_id ?? ""} ${what}`)
	);
	const timelineSections = timelines.map(
		timeline =>
			`### Order ${timeline.order_id}\n\n\`\`\`json\n${JSON.stringify(timeline, null, 2)}\n\`\`\``
	);
	return ["## Violations", lines.join("\n"), ...timelineSections];
}

/** Of the half hour of events over a broker. */
function kafkaSection({ events, duplicated, faults, tookMs }: KafkaRunReport): string[] {
	const { relayKills, consumerKills, brokerKills, brokerPauses, rebalances, injected } = faults;
	return [
		"## Over Kafka",
		`A separate cluster sent ${events} events covering half an hour through a Kafka broker, a tenth of them out of order, a hundredth late, ${duplicated} published once more. Meanwhile ${relayKills} relays, ${consumerKills} consumers and ${brokerKills} brokers were killed, the broker was halted ${brokerPauses} time and lost its data at the end, ${rebalances} rebalances were forced, and ${injected.length} failpoints were hit in the relay, the consumers and the windows. It took ${seconds(tookMs)}.`
	];
}

/** The report as Markdown. @param log if there was a broker */
export function markdown(
	proof: ChaosReport,
	log: KafkaRunReport | undefined,
	{ tier, args, commit, at, tookMs }: RunInfo
): string {
	const faults = Object.entries(proof.faults).sort(([, a], [, b]) => b - a);
	const calls = Object.entries(proof.providerFaults).map(([kind, count]): [string, number] => [
		`provider: ${kind}`,
		count
	]);
	const injected = Object.entries(proof.matrix.injected).map(([mode, count]): [string, number] => [
		`failpoint: ${mode}`,
		count
	]);
	return `${[
		`# Chaos run: ${tier}`,
		table(
			["seed", "commit", "at", "orders", "requests", "kills", "took"],
			[
				[
					proof.seed,
					commit,
					at.toISOString(),
					proof.orders,
					proof.requests,
					proof.faults.kill ?? 0,
					seconds(tookMs)
				]
			]
		),
		`Repeat this run: \`npm run chaos -- ${[...args, `--seed ${proof.seed}`].join(" ")}\`.`,
		"## Promises",
		promiseTable(proof),
		"## Injected faults",
		table(["fault", "times"], [...faults, ...calls, ...injected]),
		...recoveryLines(proof),
		`The failpoints took ${seconds(proof.matrix.tookMs)}, the storm ${seconds(proof.stormMs)}; ${seconds(proof.quiesceMs)} after it every client had its answer and nothing was under way.`,
		...(log ? kafkaSection(log) : []),
		"## Final order states",
		table(["state", "orders"], Object.entries(proof.states)),
		...violationSections(proof)
	].join("\n\n")}\n`;
}

/** `N passed, N failed`: one for each line of the table of promises. */
export function score({ findings }: ChaosReport): { passed: number; failed: number } {
	const failed = findings.filter(({ violations }) => violations.length > 0).length;
	return { passed: findings.length - failed, failed };
}
