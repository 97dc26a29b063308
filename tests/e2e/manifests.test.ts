import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { freePort } from "../../launch/process/free-port.ts";
import { startPostgres } from "../../launch/servers/embedded-postgres.ts";
import { type NatsServer, startNats } from "../../launch/servers/nats-server.ts";
import { argumentsOf } from "../kubernetes/agreement/image.rules.ts";
import {
	containersOf,
	render,
	root,
	workloadsOf,
	type ClusterObject
} from "../kubernetes/cluster-objects.ts";
import { buildWithinMs } from "../kubernetes/kustomize-program.ts";
import { environmentOf, secretsOf } from "../kubernetes/node-environment.ts";
import { describeWith } from "../support/describe-with.ts";
import { trustedCertificate } from "../support/servers/mail-server.ts";
import { launch, run } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { until } from "../support/until.ts";

/** Processes with the settings of k8s/overlays/production; only addresses, ports and files are replaced. */

describeWith("kustomize")("with the settings of the manifests of production", () => {
	const certificates = temporaryFolder();
	let objects: ClusterObject[];
	let nats: NatsServer;
	/** Its own, because the migration changes passwords of roles. */
	let postgres: Awaited<ReturnType<typeof startPostgres>>;

	beforeAll(async () => {
		objects = render("overlays/production");
		const { key, cert } = trustedCertificate();
		writeFileSync(join(certificates, "tls.key"), key);
		writeFileSync(join(certificates, "tls.crt"), cert);
		const parts = ["permissions.conf", "tls.conf"].map(file =>
			readFileSync(join(root, "base/nats", file), "utf8")
		);
		const configuration = {
			text: parts.join("\n").replaceAll("/etc/nats-tls", certificates),
			environment: secretsOf(objects).get("nats")!
		};
		const progress = () => undefined;
		const onCrash = (reason: string) => console.error(reason);
		nats = await startNats({ directory: temporaryFolder(), configuration, progress, onCrash });
		const directory = join(temporaryFolder(), "postgres");
		postgres = await startPostgres({ directory, connections: 40, progress, onCrash });
	}, buildWithinMs);

	afterAll(async () => {
		await nats?.stop();
		await postgres?.stop();
	}, 60_000);

	function databaseUrl(user: string): string {
		const url = new URL(postgres.url);
		if (user !== "owner") [url.username, url.password] = [user, `password-of-${user}`];
		return url.toString();
	}

	/** Roles as DEPLOYMENT.md names them. */
	function here([name, value]: [string, string]): [string, string] {
		const [, service] = /^(\w+)_DATABASE_URL$/.exec(name) ?? [];
		const role = service?.toLowerCase().replace(/^(user|order)$/, "$1s");
		if (role) return [name, databaseUrl(`shop_${role}`)];
		if (name === "DATABASE_URL") return [name, databaseUrl("owner")];
		if (name === "NODE_EXTRA_CA_CERTS") return [name, join(certificates, "tls.crt")];
		return [name, value.replace("@nats:4222", `@localhost:${new URL(nats.url).port}`)];
	}

	/** What a container runs: a command of cli/, its arguments, its settings. */
	function commandOf(kind: string, name: string) {
		const workload = workloadsOf(objects).find(
			one => one.kind === kind && one.metadata.name === name
		)!;
		const [container] = containersOf(workload);
		const [script, ...args] = argumentsOf(container!);
		const settings = Object.entries(environmentOf(objects, container!)).map(here);
		const command: [string, string[], Record<string, string>] = [
			relative("cli", script!),
			args,
			Object.fromEntries(settings)
		];
		return command;
	}

	it("a node connects by TLS as its own user, and is ready once the migration has run", async () => {
		const port = await freePort();
		const own = { HOST: "127.0.0.1", HEALTH_PORT: String(port), METRICS_PORT: "0" };
		const [script, args, settings] = commandOf("Deployment", "user");
		const node = launch(script, args, { ...settings, ...own });
		const ready = () =>
			fetch(`http://127.0.0.1:${port}/health/ready`).then(
				async answer => [answer.status, ((await answer.json()) as { checks: object }).checks],
				() => []
			);
		try {
			await until(async () => (await ready())[0] === 503, 60_000);
			expect(await ready()).toEqual([503, { bus: "up", user: "down" }]);
			const { code, output } = await run(...commandOf("Job", "migrate"));
			expect([code, output]).toEqual([0, expect.stringContaining("The database is up to date.")]);
			await until(async () => (await ready())[0] === 200, 60_000);
			expect(output + node.output()).not.toContain("password-of-");
		} finally {
			const ended = once(node.child, "exit");
			node.child.kill("SIGTERM");
			expect((await ended)[0]).toBe(0);
		}
	}, 180_000);
});
