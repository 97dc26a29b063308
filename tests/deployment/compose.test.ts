import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { toConfig } from "../../config/index.ts";
import { readEnvironment } from "../../config/read-environment.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { composeText, ofShop, parseCompose, readCompose } from "./compose-file.ts";
import { composeFaults, variableFaults } from "./compose-rules.ts";
import { lineWith, plantIn } from "./planted.ts";

const root = join(import.meta.dirname, "../..");

/** @throws with `code` and `stdout` when there is an error or a warning */
function lint(file: string): Promise<{ stdout: string }> {
	const linter = "node_modules/dclint/bin/dclint.cjs";
	const args = [linter, "-c", ".dclintrc.yml", "--max-warnings", "0", file];
	return promisify(execFile)("node", args, { cwd: root });
}

describe("docker-compose.yml", () => {
	it("breaks no rule", () => {
		expect(composeFaults(composeText())).toEqual([]);
	});

	it("has the form of a compose file, without a warning of its linter", async () => {
		expect((await lint("docker-compose.yml")).stdout.trim()).toBe("");
	});

	const pages = ["docs/operations.md", "docs/observability.md"].map(page =>
		readFileSync(join(root, page), "utf8")
	);

	it("has variables that are described, or are settings of the shop", () => {
		expect(variableFaults(composeText(), pages.join())).toEqual([]);
		const { text, line } = plantIn(composeText(), "${GRAFANA_PORT:", "${GRAFNA_PORT:");
		expect(variableFaults(text, pages.join())).toEqual([
			`docker-compose.yml:${line}: GRAFNA_PORT is described nowhere`
		]);
	});

	it("publishes the pages where they are expected", () => {
		const { services } = readCompose();
		const ports = (name: string) => services[name]!.ports;
		const published =
			"gateway kafka-ui prometheus alertmanager grafana jaeger elasticsearch kibana";
		expect(published.split(" ").map(ports)).toEqual([
			["127.0.0.1:8080:8080"],
			["127.0.0.1:8888:8080"],
			["127.0.0.1:9090:9090"],
			["127.0.0.1:9093:9093"],
			["127.0.0.1:3000:3000"],
			["127.0.0.1:16686:16686"],
			["127.0.0.1:9200:9200"],
			["127.0.0.1:5601:5601"]
		]);
	});

	it("says who publishes windows to the node that does, which can hand them over too", () => {
		const nodes = ofShop(readCompose()).filter(([, one]) => one.environment?.ANALYTICS_ENGINE);
		expect(nodes.map(([name]) => name)).toEqual(["analytics"]);
		const [[, { environment }]] = nodes as [(typeof nodes)[number]];
		expect(environment!.ANALYTICS_ENGINE).toBe("builtin");
		const set = { ...environment, ANALYTICS_ENGINE: "flink" };
		const { analytics, kafka, databaseUrl } = toConfig(readEnvironment(set));
		expect([analytics.engine, kafka?.brokers, databaseUrl]).toEqual([
			"flink",
			["kafka:9092"],
			expect.stringMatching(/^postgres:/)
		]);
	});

	it("starts the shop and its servers without a profile", () => {
		const { services } = readCompose();
		const profiled = Object.entries(services).filter(([, { profiles }]) => profiles);
		expect(profiled.map(([name, { profiles }]) => [name, profiles])).toEqual([
			["prometheus", ["observability"]],
			["alertmanager", ["observability"]],
			["grafana", ["observability"]],
			["otel-collector", ["observability"]],
			["jaeger", ["observability"]],
			["elasticsearch", ["logging"]],
			["log-template", ["logging"]],
			["log-collector", ["logging"]],
			["kibana", ["logging"]]
		]);
	});

	/** What is planted, the fault, and where it is reported, if not on the line of the fault. */
	it.each<[string, [from: string, to: string], string, at?: string]>([
		[
			"an unknown setting",
			["SERVICES: order\n", "SERVICES: order\n      SAGA_POL_MS: '1'\n"],
			"order: SAGA_POL_MS is no setting of the shop"
		],
		[
			"an unknown setting in an anchor",
			["DATA_DIR: /data", "DATA_DI: /data"],
			"user: DATA_DI is no setting of the shop"
		],
		[
			"an endpoint of traces that is no URL",
			["${OTEL_EXPORTER_OTLP_ENDPOINT:-}", "${OTEL_EXPORTER_OTLP_ENDPOINT:-otel-collector:4318}"],
			'gateway: OTEL_EXPORTER_OTLP_ENDPOINT: "otel-collector:4318" must be a URL that begins with http:// or https://, without user, query and fragment (where spans are sent, by OTLP over HTTP: /v1/traces is added to this URL; without it none are recorded)',
			"    environment:\n      <<: *shop-environment\n      SERVICES: gateway"
		],
		[
			"a database that is missing",
			["  DATABASE_URL: postgres", "  WEBHOOK_DATABASE_URL: postgres"],
			"order: DATABASE_URL: is needed by order, or instead of it ORDER_DATABASE_URL",
			"    environment:\n      <<: *shop-environment\n      SERVICES: order"
		],
		[
			"a secret that is not declared",
			["      SERVICES: order\n", "      SERVICES: order\n    secrets: [db_password]\n"],
			"order: db_password is not declared under secrets"
		],
		["an image without a tag", ["nats:2.15.1-alpine", "nats"], "nats: the image nats has no tag"],
		[
			"a registry's port for a tag",
			["nats:2.15.1-alpine", "r.example:5000/nats"],
			"nats: the image r.example:5000/nats has no tag"
		],
		["latest", ["nats:2.15.1-alpine", "nats:latest"], "nats: the image nats:latest is not pinned"],
		[
			"a port twice",
			["${POSTGRES_PORT:-5432}:5432", "${POSTGRES_PORT:-8888}:5432"],
			"kafka-ui: the port 8888 is published twice",
			"${KAFKA_UI_PORT"
		],
		[
			"a port for other hosts",
			["127.0.0.1:${POSTGRES_PORT:-5432}:5432", "5432:5432"],
			"postgres: 5432:5432 is open to other hosts"
		],
		[
			"a dependency without a health check",
			["test: [CMD, pg_isready", "tes: [CMD, pg_isready"],
			"migrate: waits for the health of postgres, which has no check",
			"postgres: { condition"
		],
		[
			"no health check",
			["healthcheck:\n      test: [CMD, pg_isready", "x-check:\n      test: [CMD, pg_isready"],
			"postgres: has no health check",
			"  postgres:\n"
		],
		[
			"no limit of memory",
			["    mem_limit: 768m\n", ""],
			"kafka: has no limit of memory",
			"  kafka:\n"
		],
		[
			"a service that is gone",
			["SERVICES: webhook", "SERVICES: user"],
			"webhook: no container runs it",
			"services:\n"
		],
		[
			"a dependency that is gone",
			["      user: { condition", "      redis: { condition"],
			"gateway: depends on redis, which is no service"
		],
		[
			"a dependency of another profile",
			["      user: { condition", "      prometheus: { condition"],
			"gateway: depends on prometheus, which runs only with --profile observability"
		],
		[
			"a volume that is not declared",
			["shop-data:/data", "other:/data"],
			"user: the volume other is not declared"
		],
		[
			"a folder that is not there",
			["./observability/prometheus:", "./observability/prometeus:"],
			"prometheus: mounts ./observability/prometeus, which is not there"
		],
		[
			"a tag without a version",
			["nats:2.15.1-alpine", "nats:alpine"],
			"nats: the image nats:alpine is not pinned"
		],
		[
			"a second build of one image",
			["  user:\n    <<: *shop\n", "  user:\n    <<: *shop\n    build: { context: . }\n"],
			"user: moleculer-commerce:development is built by another service too"
		],
		[
			"a node without its data",
			["      SERVICES: gateway\n", "      SERVICES: gateway\n    volumes: []\n"],
			"gateway: nothing is mounted at /data, its DATA_DIR"
		],
		[
			"a node that cannot write to /tmp",
			["      SERVICES: gateway\n", "      SERVICES: gateway\n    tmpfs: []\n"],
			"gateway: it cannot write to /tmp"
		],
		[
			"a node that is killed early",
			["stop_grace_period: 40s", "stop_grace_period: 5s"],
			"user: it is killed before 25 s are over"
		],
		[
			"a health check at another port",
			["127.0.0.1:8222/healthz", "127.0.0.1:8223/healthz"],
			"nats: its health check is at 8223, where nothing is said to listen",
			'    healthcheck:\n      test: [CMD, wget, -q, -O, "-", "http://127.0.0.1:8223'
		],
		[
			"a port that its configuration does not open",
			["${JAEGER_PORT:-16686}:16686", "${JAEGER_PORT:-16686}:16687"],
			"jaeger: nothing is said to listen at the port 16687, which is published"
		],
		[
			"a port at which nothing listens",
			["${MOTO_PORT:-5001}:5000", "${MOTO_PORT:-5001}:5005"],
			"moto: nothing is said to listen at the port 5005, which is published"
		],
		[
			"a server of another user that cannot be stopped",
			["FOWNER, KILL, SETGID", "FOWNER, SETGID"],
			"postgres: its server becomes another user, which needs KILL to be stopped"
		],
		[
			"a container of root",
			["  kafka-ui:\n    <<: *hardened\n", "  kafka-ui:\n    <<: *hardened\n    user: root\n"],
			"kafka-ui: runs as root"
		],
		[
			"a privileged container",
			[
				"  kafka-ui:\n    <<: *hardened\n",
				"  kafka-ui:\n    <<: *hardened\n    privileged: true\n"
			],
			"kafka-ui: is privileged"
		],
		[
			"a container with capabilities",
			[
				"  kafka-ui:\n    <<: *hardened\n",
				"  kafka-ui:\n    <<: *hardened\n    cap_drop: [MKNOD]\n"
			],
			"kafka-ui: keeps capabilities"
		],
		[
			"a secret without its file",
			["\nvolumes:\n", "\nsecrets:\n  stripe:\n    file: ./nope\nvolumes:\n"],
			"the secret stripe: ./nope is not there",
			"  stripe:\n"
		],
		[
			"a file of settings that is not there",
			["      SERVICES: gateway\n", "      SERVICES: gateway\n    env_file: [nope.env]\n"],
			"gateway: nope.env is not there"
		]
	])("would be refused with %s, by its line", (_, [from, to], fault, ...[at]) => {
		const { text, line } = plantIn(composeText(), from, to);
		const expected = at ? lineWith(text, at) : line;
		expect(composeFaults(text)).toContain(`docker-compose.yml:${expected}: ${fault}`);
	});

	it("would be refused with a variable that has no default", () => {
		const text = "services:\n  a: { image: '${IMAGE}' }";
		expect(() => parseCompose(text)).toThrow("docker-compose.yml:2: a variable has no default");
	});

	it.each([
		["mem_limit: 768m", "memory_limit: 768m"],
		["condition: service_healthy", "condition: service_up"],
		['["127.0.0.1:${POSTGRES_PORT:-5432}:5432"]', "[{ target: none }]"]
	])("would be refused by its linter with %s as %s", async (from, to) => {
		const { text } = plantIn(composeText(), from, to);
		const file = join(temporaryFolder(), "docker-compose.yml");
		writeFileSync(file, text);
		await expect(lint(file)).rejects.toMatchObject({ code: 1 });
	});
});
