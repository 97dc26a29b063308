import type { RequestListener } from "node:http";
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
	value?: number;
}

interface Metrics extends Service {
	server: ScrapeServer;
	nodeGauges: NodeGauges;
	gauges: Gauges;
	/** For the launcher and tests: the port that was bound, when one was. */
	port(): number | undefined;
	update(name: string, method: string, labels: Update["labels"] | null, value: number): void;
	updateCommonValues(): void;
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
			this.update(name, method, labels ?? null, value);
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
