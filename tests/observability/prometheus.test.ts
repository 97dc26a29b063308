import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { readCompose } from "../deployment/compose-file.ts";
import { lineWith, plantIn } from "../deployment/planted.ts";
import { describeWith } from "../support/describe-with.ts";
import { exposedMetrics, recordedSeries, type Exposed } from "./exposed-metrics.ts";
import { anchorsOf, recorded, ruleFaults, type RuleFile } from "./rule-file.rules.ts";
import { scrapeFaults } from "./scrape.rules.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const execute = promisify(execFile);

const jobsPath = "observability/prometheus/prometheus.yml";
const alertsPath = "observability/prometheus/rules/alerts.yml";
const rulePaths = globSync("observability/prometheus/rules/*.yml", { cwd: root }).sort();
const anchors = anchorsOf(read("docs/observability.md"));

let exposed: Exposed;
beforeAll(async () => {
	const own = recorded(rulePaths.map(read)).map(name => [name, recordedSeries] as const);
	exposed = new Map([...(await exposedMetrics()), ...own]);
});

describe("the jobs of Prometheus", () => {
	it("scrape each node, and name services of the compose file only", () => {
		expect(scrapeFaults(jobsPath, read(jobsPath), readCompose())).toEqual([]);
	});

	it.each<[string, [from: string, to: string], string, at?: string]>([
		["no service", ["order:9100", "oder:9100"], "the job shop names oder, which is no service"],
		["another port", ["order:9100", "order:9000"], "order has no metrics at port 9000"],
		["a node twice", ["user:9100", "gateway:9100"], "gateway is scraped twice"],
		[
			"one node less",
			['- "webhook:9100"', ""],
			"the job shop does not scrape webhook",
			"scrape_configs:"
		]
	])("would be refused with %s, by its line", (_, [from, to], fault, ...[at]) => {
		const { text, line } = plantIn(read(jobsPath), from, to);
		const expected = at ? lineWith(text, at) : line;
		expect(scrapeFaults(jobsPath, text, readCompose())).toContain(
			`${jobsPath}:${expected}: ${fault}`
		);
	});
});

describe("the rules of Prometheus", () => {
	it.each(rulePaths)("in %s break no rule", path => {
		expect(ruleFaults(path, read(path), exposed, anchors)).toEqual([]);
	});

	it.each<[string, [from: string, to: string], string]>([
		[
			"a metric that no node exposes",
			["shop_outbox_seconds", "shop_outbox_age_seconds"],
			"ShopOutboxLags no node exposes shop_outbox_age_seconds"
		],
		[
			"a label that the metric does not have",
			['check="ready"', 'probe="ready"'],
			"ShopNodeNotReady shop_health_check_up has no label probe"
		],
		[
			"a value that the label never has",
			['waits_for="human"', 'waits_for="staff"'],
			"ShopSagasWaitForStaff shop_saga_oldest_seconds has no waits_for staff"
		],
		[
			"one such value of several",
			['waits_for=~"none|fault|outcome"', 'waits_for=~"none|faults|outcome"'],
			"ShopSagaStuck shop_saga_oldest_seconds has no waits_for faults"
		],
		[
			"another check",
			['check="ready"', 'check="readiness"'],
			"ShopNodeNotReady shop_health_check_up has no check readiness"
		],
		[
			"the rate of a gauge",
			[
				'max by (kind) (shop_payments_in_review{job="shop"})',
				'max by (kind) (rate(shop_payments_in_review{job="shop"}[5m]))'
			],
			"ShopPaymentsInReview shop_payments_in_review is no counter, so it has no rate"
		],
		[
			"a label that it cannot group by",
			["max by (service) (shop_outbox", "max by (queue) (shop_outbox"],
			"ShopOutboxLags no metric of the query has the label queue"
		],
		[
			"a query that cannot be parsed",
			['max(shop_psp_breaker_state{job="shop"})', 'max(shop_psp_breaker_state{job="shop"}'],
			"ShopPaymentProviderUnavailable cannot be parsed at column 108"
		],
		[
			"no severity",
			["labels: { severity: critical }", "labels: { severity: page }"],
			"ShopHasNoGateway has the severity page, not critical or warning"
		],
		[
			"a runbook that is not there",
			["#shopnodedown", "#shopnodegone"],
			"ShopNodeDown names no heading of docs/observability.md as its runbook"
		],
		[
			"one name twice",
			["alert: ShopHasNoGateway", "alert: ShopNodeDown"],
			"ShopNodeDown is there twice"
		]
	])("would be refused with %s, by its line", (_, [from, to], fault) => {
		const { text, line } = plantIn(read(alertsPath), from, to);
		const found = ruleFaults(alertsPath, text, exposed, anchors);
		const [, number, rest] =
			/:(\d+): (.*)$/.exec(found.find(one => one.endsWith(fault)) ?? "") ?? [];
		expect(rest).toBe(fault);
		// The line of the key, which may be some lines before what is wrong in its value.
		expect(line - Number(number)).toBeGreaterThanOrEqual(0);
		expect(line - Number(number)).toBeLessThanOrEqual(2);
	});

	it("have a case for each alert in which it fires, and one in which it does not", () => {
		const { groups } = parse(read(alertsPath)) as RuleFile;
		const { tests } = parse(read("observability/prometheus/tests/alerts.yml")) as {
			tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
		};
		const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
		for (const { alert } of groups.flatMap(({ rules }) => rules)) {
			const fires = cases
				.filter(({ alertname }) => alertname === alert)
				.map(({ exp_alerts }) => exp_alerts.length > 0);
			expect([alert, new Set(fires)]).toEqual([alert, new Set([false, true])]);
		}
	});
});

it("the example of ALERTMANAGER_CONFIG has the routes of the file that it replaces", () => {
	const blocks = [...read("docs/observability.md").matchAll(/^```yaml\n([^]*?)^```/gm)];
	const routes = blocks.map(([, block]) => (parse(block!) as { route?: object }).route);
	const { route } = parse(read("observability/alertmanager/alertmanager.yml")) as { route: object };
	expect(routes).toEqual([route]);
});

describeWith("prometheus")("the programs of Prometheus", () => {
	it.each<[string, string, string[]]>([
		["the jobs", "promtool", ["check", "config", jobsPath]],
		[
			"the cases of the alerts",
			"promtool",
			["test", "rules", "observability/prometheus/tests/alerts.yml"]
		],
		[
			"the routes of alerts",
			"amtool",
			["check-config", "observability/alertmanager/alertmanager.yml"]
		]
	])(
		"accept %s",
		async (_, program, args) => {
			await execute(program, args, { cwd: root });
		},
		60_000
	);

	it.each(["critical", "warning"])(
		"route %s alerts to the receiver of that name",
		async severity => {
			const config = "--config.file=observability/alertmanager/alertmanager.yml";
			const args = ["config", "routes", "test", config, `severity=${severity}`];
			const { stdout } = await execute("amtool", args, { cwd: root });
			expect(stdout.trim()).toBe(severity);
		}
	);
});
