import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { nodeNames } from "../../../config/node-servers.ts";
import { metrics } from "../../../services/metrics/metric.catalogue.ts";
import { describeWith } from "../../support/describe-with.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { adapterRule } from "./adapter-rule.ts";
import { ofKind, type ClusterObject } from "../cluster-objects.ts";
import { report } from "../fault-lines.ts";
import { buildWithinMs } from "../kustomize-program.ts";
import { flows } from "../flows.rules.ts";
import { manifestFaults } from "../manifests.rules.ts";
import { schemaFaults } from "../object-schemas.ts";
import { parseQuery } from "../../observability/promql.ts";
import { renderWith } from "./render-with.ts";

/** What an overlay may have besides: each in the overlay production, as DEPLOYMENT.md says. */

const optional = [
	"observability",
	"tracing",
	"saga-autoscaling",
	"bus-load-balancer",
	"windows-by-flink"
];

const configMap = (objects: readonly ClusterObject[], name: string) =>
	ofKind(objects, "ConfigMap").find(({ metadata }) => metadata.name.startsWith(`${name}-`))!.data!;

describeWith("kustomize", "prometheus")("the optional components", () => {
	let objects: ClusterObject[];
	beforeAll(() => {
		objects = renderWith("overlays/production", optional);
	}, buildWithinMs);

	it("break no rule in production", () => {
		expect(report(manifestFaults(objects))).toEqual([]);
		expect(report(schemaFaults(objects))).toEqual([]);
	}, 60_000);

	it("give Prometheus jobs and rules, and Alertmanager routes, that they accept", () => {
		const folder = temporaryFolder();
		for (const [name, text] of Object.entries(configMap(objects, "prometheus")))
			writeFileSync(join(folder, name), text.replace("/etc/prometheus/", `${folder}/`));
		const check = (file: string) =>
			execFileSync("promtool", ["check", "config", file], {
				cwd: folder,
				encoding: "utf8",
				stdio: "pipe"
			});
		const output = check("prometheus.yml");
		for (const rules of ["alerts", "recording"]) expect(output).toContain(`${rules}.rules.yml`);
		const { "alertmanager.yml": routes = "" } = configMap(objects, "alertmanager");
		writeFileSync(join(folder, "alertmanager.yml"), routes);
		execFileSync("amtool", ["check-config", "alertmanager.yml"], { cwd: folder });
		writeFileSync(join(folder, "alerts.rules.yml"), "groups: [{ name: a, rules: [{ alert: A }] }]");
		expect(() => check("prometheus.yml")).toThrow();
	});

	it("let Prometheus find the pods of each node at its port, ready or not", () => {
		const { scrape_configs } = parse(configMap(objects, "prometheus")["prometheus.yml"]!) as {
			scrape_configs: {
				job_name: string;
				dns_sd_configs: { names: string[]; port: number }[];
				relabel_configs: { regex: string; target_label: string }[];
			}[];
		};
		const { dns_sd_configs, relabel_configs } = scrape_configs.find(
			({ job_name }) => job_name === "shop"
		)!;
		const [{ names, port }] = dns_sd_configs as [(typeof dns_sd_configs)[number]];
		const [{ regex, target_label }] = relabel_configs as [(typeof relabel_configs)[number]];
		const labels = names.map(name => new RegExp(`^(?:${regex})$`).exec(name)![1]);
		expect([target_label, labels.toSorted()]).toEqual(["node", [...nodeNames].toSorted()]);
		for (const name of names) {
			const found = ofKind(objects, "Service").find(({ metadata }) => metadata.name === name)!;
			expect(found.spec).toMatchObject({
				clusterIP: "None",
				publishNotReadyAddresses: true,
				selector: { "app.kubernetes.io/name": name.replace(/-metrics$/, "") },
				ports: [{ port }]
			});
		}
	});

	it("let the private subnets reach the bus without a public address, at its port", () => {
		const { spec, metadata } = ofKind(objects, "Service").find(
			one => one.metadata.name === "nats-entry"
		)!;
		const annotations = Object.entries(metadata.annotations!).map(([name, value]) => [
			name.replace("service.beta.kubernetes.io/aws-load-balancer-", ""),
			value
		]);
		expect(Object.fromEntries(annotations)).toMatchObject({ scheme: "internal" });
		expect(spec).toMatchObject({ type: "LoadBalancer", ports: [{ port: 4222 }] });
		const ranges = spec.loadBalancerSourceRanges as string[];
		const outside = flows(objects).filter(flow => /→ nats:/.test(flow) && /^\d/.test(flow));
		expect(outside).toEqual(ranges.map(range => `${range} → nats:4222`));
	});

	it("scale order nodes by a metric that they expose, beside processor time", () => {
		const { spec } = ofKind(objects, "HorizontalPodAutoscaler").find(
			({ metadata }) => metadata.name === "order"
		)!;
		const { name, series, query } = adapterRule();
		expect(spec.metrics).toMatchObject([
			{ type: "Resource", resource: { name: "cpu" } },
			{ type: "External", external: { metric: { name } } }
		]);
		for (const expr of [series, query]) {
			const { errors, selectors } = parseQuery(expr);
			expect([expr, errors]).toEqual([expr, []]);
			expect(selectors).toMatchObject([
				{
					metric: "shop_sagas",
					matchers: expect.arrayContaining([{ label: "waits_for", op: "=", value: "none" }])
				}
			]);
		}
		expect(metrics).toHaveProperty("shop_sagas.labelNames", ["waits_for"]);
	});
});
