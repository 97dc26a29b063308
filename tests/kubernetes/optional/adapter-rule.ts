import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../cluster-objects.ts";

interface AdapterRule {
	seriesQuery: string;
	name: { as: string };
	metricsQuery: string;
}

const values = join(root, "components/saga-autoscaling/adapter.values.yaml");

/** The rule of the adapter, as a query of one namespace. */
export function adapterRule(): { name: string; series: string; query: string } {
	const { rules } = parse(readFileSync(values, "utf8")) as { rules: { external: AdapterRule[] } };
	const [{ name, seriesQuery, metricsQuery }] = rules.external as [AdapterRule];
	const query = metricsQuery.replace("<<.LabelMatchers>>", 'job="shop"');
	return { name: name.as, series: seriesQuery, query };
}
