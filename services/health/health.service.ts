import type { ServerResponse } from "node:http";
import type { Service, ServiceBroker, ServiceSchema } from "moleculer";
import { config } from "../../config/index.ts";
import { OperatorServer } from "../../http/operator-server.ts";
import { publishHealth } from "../../lib/health/check-gauges.ts";
import manifest from "../../package.json" with { type: "json" };
import { NodeChecks } from "./node-checks.ts";

interface NodeHealth extends Service {
	server: OperatorServer;
	/** For the launcher and tests: the port that was bound. */
	healthPort(): number | undefined;
}

function send(res: ServerResponse, status: number, body: object): void {
	const text = JSON.stringify(body);
	res.writeHead(status, {
		"content-type": "application/json; charset=utf-8",
		"content-length": Buffer.byteLength(text),
		"cache-control": "no-store"
	});
	res.end(res.req.method === "HEAD" ? undefined : text);
}

/** The checks of a node by path. It is live while its process answers. */
function serverOf(broker: ServiceBroker, node: NodeChecks): OperatorServer {
	const { version } = manifest;
	return new OperatorServer({
		"/health/live": (_, res) => send(res, 200, { status: "ok" }),
		"/health/ready": async (_, res) => {
			const health = await node.read();
			publishHealth(broker, "ready", health.ready, health.checks);
			send(res, health.ready ? 200 : 503, health);
		},
		"/health": async (_, res) => {
			const { ready, checks } = await node.read();
			send(res, 200, { status: ready ? "ok" : "down", version, checks });
		}
	});
}

/** Health checks of a node without a gateway, on HEALTH_PORT. A gateway serves its own, which look at the whole shop. */
const schema: ServiceSchema & ThisType<NodeHealth> = {
	name: "health",

	created() {
		this.server = serverOf(this.broker, new NodeChecks(this.broker, config().services));
	},

	async started() {
		const { healthPort, host } = config();
		await this.server.listen(healthPort, host);
	},

	/** Until now it says that this node is not ready. */
	async stopped() {
		await this.server.close();
	},

	methods: {
		healthPort() {
			return this.server.port;
		}
	}
};
export default schema;
