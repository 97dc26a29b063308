import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toConfig, useConfig } from "../config/index.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { orderEventTypes } from "../contracts/order-status.ts";
import { asyncApiDocument } from "../services/gateway/api-docs/asyncapi.ts";
import { openApiDocument } from "../services/gateway/api-docs/openapi.ts";
import { publishedOrderEvent } from "../tests/support/streams/golden-event.ts";
import { clusterLogging } from "./cluster-logging.ts";
import { clusterMonitoring } from "./cluster-monitoring.ts";
import { clusterTracing } from "./cluster-tracing.ts";
import { dashboardJson } from "./dashboards/grafana-layout.ts";
import { overview } from "./dashboards/overview.ts";
import { envExample } from "./env-example.ts";
import { generateImages } from "./images.ts";
import { indexTemplate, logFieldsList } from "./log-fields.ts";
import { metricsList } from "./metrics-list.ts";
import { natsPermissions } from "./nats-permissions.ts";
import { orderEventContract, windowEventContract } from "./order-event-contract.ts";
import { orderStates, replaceBetween } from "./order-states.ts";
import { modulePages } from "./terraform/module-pages.ts";

// Not those of the environment: links of examples begin with PUBLIC_URL.
useConfig(toConfig(readEnvironment({})));

const root = join(import.meta.dirname, "..");

/** The text of a file of this tree; empty when there is none. */
export function read(path: string): string | undefined {
	try {
		return readFileSync(join(root, path), "utf8");
	} catch {
		return undefined;
	}
}

const asJson = (value: unknown) => `${JSON.stringify(value, null, "\t")}\n`;

const dashboard = () => asJson(dashboardJson(overview));
const template = () => asJson(indexTemplate());

/** Committed file → its expected text. db/schema.sql needs a server and is checked by its own test. */
export const generated: Readonly<Record<string, () => string>> = {
	...Object.fromEntries(Array.from(generateImages(), ([path, text]) => [path, () => text])),
	".env.example": envExample,
	"analytics/flink-job/src/main/resources/order-event.json": orderEventContract,
	"analytics/flink-job/src/main/resources/window-event.json": windowEventContract,
	"observability/grafana/dashboards/overview.json": dashboard,
	...clusterMonitoring(dashboard),
	...clusterTracing,
	"observability/logging/index-template.json": template,
	...clusterLogging(template),
	"docs/observability.md": () => {
		const page = replaceBetween(read("docs/observability.md") ?? "", "metrics", metricsList());
		return replaceBetween(page, "log fields", logFieldsList());
	},
	"docs/asyncapi.json": () => asJson(asyncApiDocument()),
	"docs/openapi.json": () => asJson(openApiDocument()),
	"k8s/base/nats/permissions.conf": natsPermissions,
	...modulePages,
	"README.md": () => replaceBetween(read("README.md") ?? "", "order states", orderStates())
};

/** The first golden file of each type of order event. Once there is one, it never changes. */
export const firstGolden: Readonly<Record<string, () => string>> = Object.fromEntries(
	orderEventTypes.map(type => [
		`contracts/golden/${type}.v1.json`,
		() => asJson(JSON.parse(String(publishedOrderEvent(type).value)))
	])
);

/** The stale files; a golden file only when it is missing. */
export function stale(current: (path: string) => string | undefined): string[] {
	return [
		...Object.keys(generated).filter(path => current(path) !== generated[path]!()),
		...Object.keys(firstGolden).filter(path => current(path) === undefined)
	];
}
