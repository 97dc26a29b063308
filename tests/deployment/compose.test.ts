import { readEnvironment } from "../../config/read-environment.ts";
import { ofShop, readCompose, type ComposeFile } from "./compose-file.ts";
import { composeFaults } from "./compose-rules.ts";

describe("docker-compose.yml", () => {
	it("breaks no rule", () => {
		expect(composeFaults(readCompose())).toEqual([]);
	});

	it.each(ofShop(readCompose()))("gives %s settings that it takes", (_, { environment }) => {
		readEnvironment(environment!);
	});

	it("publishes the pages where they are expected", () => {
		const { services } = readCompose();
		expect([services.gateway!.ports, services["kafka-ui"]!.ports]).toEqual([
			["127.0.0.1:8080:8080"],
			["127.0.0.1:8888:8080"]
		]);
	});

	it.each<[string, (file: ComposeFile) => void, string]>([
		[
			"an unknown setting",
			({ services }) => (services.order!.environment!.SAGA_POL_MS = "1"),
			"order: SAGA_POL_MS is no setting of the shop"
		],
		[
			"an image without a tag",
			({ services }) => (services.nats!.image = "nats"),
			"nats: the image nats has no tag"
		],
		[
			"a registry's port for a tag",
			({ services }) => (services.nats!.image = "r.example:5000/nats"),
			"nats: the image r.example:5000/nats has no tag"
		],
		[
			"latest",
			({ services }) => (services.nats!.image = "nats:latest"),
			"nats: the image nats:latest is not pinned"
		],
		[
			"a port twice",
			({ services }) => (services.postgres!.ports = ["127.0.0.1:8080:5432"]),
			"gateway: the port 8080 is published twice"
		],
		[
			"a port for other hosts",
			({ services }) => (services.postgres!.ports = ["5432:5432"]),
			"postgres: 5432:5432 is open to other hosts"
		],
		[
			"no health check",
			({ services }) => delete services.kafka!.healthcheck,
			"kafka: has no health check"
		],
		[
			"no limit of memory",
			({ services }) => delete services.kafka!.mem_limit,
			"kafka: has no limit of memory"
		],
		[
			"a service that is gone",
			({ services }) => delete services.webhook,
			"webhook: no container runs it"
		],
		[
			"a dependency that is gone",
			({ services }) => (services.user!.depends_on = { redis: { condition: "service_started" } }),
			"user: depends on redis, which is no service"
		],
		[
			"a volume that is not declared",
			({ services }) => (services.user!.volumes = ["other:/data"]),
			"user: the volume other is not declared"
		]
	])("would be refused with %s", (_, break_, fault) => {
		const file = readCompose();
		break_(file);
		expect(composeFaults(file)).toContain(fault);
	});

	it("would be refused with a variable that has no default", () => {
		expect(() => readCompose("services: { a: { image: '${IMAGE}' } }")).toThrow(
			"a variable without a default"
		);
	});
});
