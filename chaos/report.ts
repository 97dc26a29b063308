import type { LogProof } from "./kafka-run/kafka-run.ts";
import type { Proof } from "./run/full-run.ts";
import { slowest } from "./run/recovery.ts";

export interface Circumstances {
	/** `ci`, `nightly`, or `changed` where it was asked for otherwise. */
	tier: string;
	/** What follows `npm run prove` to have the same, but for the seed. */
	words: readonly string[];
	commit: string;
	at: Date;
	/** From the first process to the last, in ms. */
	tookMs: number;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const table = (head: string[], rows: (string | number)[][]) =>
	[head, head.map(() => "---"), ...rows].map(cells => `| ${cells.join(" | ")} |`).join("\n");

function promises({ findings }: Proof): string {
	return table(
		["", "promise", "", "looked at", "violations"],
		findings.map(({ promise, title, looked, violations }) => [
			violations.length === 0 ? "✔" : "✘",
			promise,
			title,
			looked,
			violations.length
		])
	);
}

function recovery({ recoveries }: Proof): string[] {
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

/** Violations, and what is known of one order of each kind. */
function breaches({ findings, stories }: Proof): string[] {
	const broken = findings.filter(({ violations }) => violations.length > 0);
	if (broken.length === 0) return [];
	const lines = broken.flatMap(({ promise, violations }) =>
		violations.slice(0, 20).map(({ what, order_id }) => `- ${promise}: ${order_id ?? ""} ${what}`)
	);
	const told = stories.map(
		story => `### Order ${story.order_id}\n\n\`\`\`json\n${JSON.stringify(story, null, 2)}\n\`\`\``
	);
	return ["## Violations", lines.join("\n"), ...told];
}

/** Of the half hour of events over a broker. */
function overKafka({ events, doubled, faults, tookMs }: LogProof): string[] {
	const { relayKills, consumerKills, brokerKills, brokerPauses, rebalances, struck } = faults;
	return [
		"## Over Kafka",
		`In a world of its own ${events} events of half an hour went over a broker, a tenth of them out of order, a hundredth late, ${doubled} published once more. Meanwhile ${relayKills} relays, ${consumerKills} consumers and ${brokerKills} brokers were killed, the broker was halted ${brokerPauses} time and lost its data at the end, ${rebalances} rebalances were forced, and ${struck.length} failpoints struck in relay, consumer and windows. It took ${seconds(tookMs)}.`
	];
}

/** What a person reads. @param log where there was a broker */
export function markdown(
	proof: Proof,
	log: LogProof | undefined,
	{ tier, words, commit, at, tookMs }: Circumstances
): string {
	const faults = Object.entries(proof.faults).sort(([, a], [, b]) => b - a);
	const calls = Object.entries(proof.providerFaults).map(([kind, count]): [string, number] => [
		`provider: ${kind}`,
		count
	]);
	const struck = Object.entries(proof.matrix.struck).map(([mode, count]): [string, number] => [
		`failpoint: ${mode}`,
		count
	]);
	return `${[
		`# Proof: ${tier}`,
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
		`The same again: \`npm run prove -- ${[...words, `--seed ${proof.seed}`].join(" ")}\`.`,
		"## Promises",
		promises(proof),
		"## What went wrong meanwhile",
		table(["fault", "times"], [...faults, ...calls, ...struck]),
		...recovery(proof),
		`The failpoints took ${seconds(proof.matrix.tookMs)}, the storm ${seconds(proof.stormMs)}; ${seconds(proof.quiesceMs)} after it every client had its answer and nothing was under way.`,
		...(log ? overKafka(log) : []),
		"## How the orders ended",
		table(["state", "orders"], Object.entries(proof.states)),
		...breaches(proof)
	].join("\n\n")}\n`;
}

/** `N passed, N failed`: one for each line of the table of promises. */
export function score({ findings }: Proof): { passed: number; failed: number } {
	const failed = findings.filter(({ violations }) => violations.length > 0).length;
	return { passed: findings.length - failed, failed };
}
