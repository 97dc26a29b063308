import type { RequestListener } from "node:http";
import { isDeepStrictEqual } from "node:util";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import Prometheus from "moleculer-prometheus";
import { config } from "../../config/index.ts";
import { OperatorServer } from "../../http/operator-server.ts";
import { Gauges } from "../../lib/gauges.ts";
import { metrics } from "./metric.catalogue.ts";
import { NodeGauges, nodeGaugesEveryMs } from "./node-gauges.ts";

/**
 * Replaces moleculer-prometheus' own server, which listens on every interface: this one listens only if
 * METRICS_PORT is set, and on the configured host.
 */
class ScrapeServer {
	#respond!: RequestListener;
	readonly #http = new OperatorServer({ "/metrics": (req, res) => this.#respond(req, res) });
	/** What the mixin closes. */
	readonly server = { close: () => this.#http.close() };

	/** The port that was bound, when one was. */
	get port(): number | undefined {
		return this.#http.port;
	}

	get(_path: string, respond: RequestListener): void {
		this.#respond = respond;
	}

	async listen(): Promise<void> {
		const { metricsPort, host } = config();
		await this.#http.listen(metricsPort, host);
	}
}

interface Update {
	name: string;
	method: "inc" | "observe" | "set";
	labels?: Record<string, string | number>;
	/** Null for a gauge whose value is not known: it is not exposed. */
	value?: number | null;
}

interface Metrics extends Service {
	server: ScrapeServer;
	nodeGauges: NodeGauges;
	gauges: Gauges;
	/** For the launcher and tests: the port that was bound, when one was. */
	port(): number | undefined;
	update(name: string, method: string, labels: Update["labels"] | null, value: number): void;
	/** Ends a series. */
	forget(name: string, labels: NonNullable<Update["labels"]>): void;
	updateCommonValues(): void;
	metrics?: Record<string, { hashMap: Record<string, { labels: object }> }>;
}

// Its event handlers have the signature of Moleculer 0.13 and would never see their payload, which its own metrics need.
const mixin = { ...Prometheus, events: {}, settings: { ...Prometheus.settings, metrics: {} } };

/** Metrics of this process. Any service reports with the local event `metrics.update`. */
const schema: ServiceSchema & ThisType<Metrics> = {
	name: "metrics",
	mixins: [mixin],

	settings: { metrics } as ServiceSettingSchema,

	created() {
		this.server = new ScrapeServer();
		this.nodeGauges = new NodeGauges(this.broker);
		this.gauges = new Gauges(this.broker, () => this.nodeGauges.read(), {
			everyMs: nodeGaugesEveryMs,
			firstAfterMs: 0,
			onError: error => this.logger.warn("cannot measure this node, retrying:", error.message)
		});
	},

	started() {
		this.gauges.start();
	},

	async stopped() {
		await this.gauges.stop();
		this.nodeGauges.stop();
	},

	events: {
		"metrics.update"(ctx: Context<Update>) {
			const { name, method, labels, value = 1 } = ctx.params;
			if (value === null) this.forget(name, labels ?? {});
			else this.update(name, method, labels ?? null, value);
		},
		"$services.changed"() {
			this.updateCommonValues();
		},
		"$node.connected"() {
			this.updateCommonValues();
		},
		"$node.disconnected"() {
			this.updateCommonValues();
		}
	},

	methods: {
		port() {
			return this.server.port;
		},

		forget(name: string, labels: NonNullable<Update["labels"]>) {
			// prom-client 11 refuses NaN, and its gauges have no `remove`.
			const series: Record<string, { labels: object }> = this.metrics?.[name]?.hashMap ?? {};
			for (const [key, { labels: own }] of Object.entries(series))
				if (isDeepStrictEqual(own, labels)) delete series[key];
		},

		/** The original calls `$node.*` actions, which are disabled on the bus. */
		updateCommonValues() {
			if (!this.metrics) return;
			const nodes = this.broker.registry.getNodeList({ onlyAvailable: true }).length;
			const services = this.broker.registry.getServiceList({ onlyAvailable: true }).length;
			this.update("moleculer_nodes_total", "set", null, nodes);
			this.update("moleculer_services_total", "set", null, services);
		}
	}
};
export default schema;
