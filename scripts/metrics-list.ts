import { metrics } from "../services/metrics/metric.catalogue.ts";

/** What nodes expose, for docs/observability.md: an item per metric with its type, its labels and its value. */
export function metricsList(): string {
	return Object.entries(metrics)
		.map(([name, definition]) => {
			const labels = "labelNames" in definition ? definition.labelNames : [];
			const kind = [definition.type.toLowerCase(), ...labels.map(label => `\`${label}\``)].join(
				", "
			);
			return `- \`${name}\` (${kind}): ${definition.help}.`;
		})
		.join("\n");
}
