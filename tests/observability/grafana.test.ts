import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readCompose } from "../deployment/compose-file.ts";
import { exposedMetrics, recordedSeries, type Exposed } from "./exposed-metrics.ts";
import { dashboardFaults } from "./grafana.rules.ts";
import { recorded } from "./rule-file.rules.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const folder = "observability/grafana";

const { datasources } = parse(read(`${folder}/provisioning/datasources/prometheus.yml`)) as {
	datasources: { uid: string; url: string }[];
};
const dashboards = Object.fromEntries(
	globSync(`${folder}/dashboards/*.json`, { cwd: root }).map(path => [path, read(path)])
);
const overview = `${folder}/dashboards/overview.json`;

let exposed: Exposed;
beforeAll(async () => {
	const rules = globSync("observability/prometheus/rules/*.yml", { cwd: root }).map(read);
	const own = recorded(rules).map(name => [name, recordedSeries] as const);
	exposed = new Map([...(await exposedMetrics()), ...own]);
});

const faults = (files: Record<string, string>) =>
	dashboardFaults(files, datasources[0]!.uid, exposed);

describe("Grafana", () => {
	it.each(globSync(`${folder}/provisioning/datasources/*.yml`, { cwd: root }))(
		"finds the server of %s where the compose file runs it",
		file => {
			const [{ url }] = (parse(read(file)) as { datasources: [{ url: string }] }).datasources;
			const { hostname, port } = new URL(url);
			const ports = readCompose().services[hostname]?.ports ?? [];
			expect(ports.map(one => one.split(":").at(-1))).toEqual([port]);
		}
	);

	it("finds its folders where the compose file mounts them", () => {
		const { volumes, environment } = readCompose().services.grafana!;
		const { providers } = parse(read(`${folder}/provisioning/dashboards/shop.yml`)) as {
			providers: { options: { path: string } }[];
		};
		const mounted = volumes!.map(volume => volume.split(":")[1]!);
		expect(mounted).toContain(providers[0]!.options.path);
		const home = environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
		expect(home).toBe(`${providers[0]!.options.path}/overview.json`);
		expect(Object.keys(dashboards)).toContain(overview);
	});

	it("has dashboards that break no rule", () => {
		expect(faults(dashboards)).toEqual([]);
	});

	it.each<[string, (json: string) => string, RegExp]>([
		["an unknown member", json => json.replace('"legendFormat"', '"legend"'), /panels\/1/],
		["an unknown unit", json => json.replace('"unit": "s"', '"unit": "sec"'), /panels\/\d+/],
		[
			"another datasource",
			json => json.replace('"uid": "prometheus"', '"uid": "prom"'),
			/Orders a minute: the datasource prom is not provisioned/
		],
		[
			"panels that overlap",
			json => json.replace('"x": 8,', '"x": 7,'),
			/Time to confirmation: overlaps Orders a minute/
		],
		[
			"a metric that no node exposes",
			json => json.replace("shop_orders_total", "shop_order_total"),
			/Orders a minute: no node exposes shop_order_total: sum/
		],
		[
			"the rate of a gauge",
			json =>
				json.replace('max by (waits_for) (shop_sagas{job=\\"shop\\"})', "rate(shop_sagas[5m])"),
			/shop_sagas is no counter/
		],
		[
			"a query that cannot be parsed",
			json => json.replace("[5m])) * 60", "[5m]) * 60"),
			/Orders a minute: cannot be parsed/
		],
		["an id twice", json => json.replace('"id": 2,', '"id": 3,'), /two panels have the id 3/],
		["a query's name twice", json => json.replace('"refId": "B"', '"refId": "A"'), /are called A/]
	])("would be refused with %s", (_, plant, fault) => {
		const planted = plant(dashboards[overview]!);
		expect(planted).not.toBe(dashboards[overview]);
		expect(faults({ [overview]: planted }).join("\n")).toMatch(fault);
	});

	it("would be refused with two dashboards of one uid", () => {
		const copy = { ...dashboards, [`${folder}/dashboards/copy.json`]: dashboards[overview]! };
		expect(faults(copy)).toEqual(["two dashboards have the uid shop-overview"]);
	});
});
