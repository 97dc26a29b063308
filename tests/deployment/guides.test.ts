import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";

const root = join(import.meta.dirname, "../..");

/**
 * There is no Docker engine and no cluster where the tests run, so what these name is looked up; the same files are run
 * by tests/e2e/compose.test.ts and tests/e2e/manifests.test.ts.
 */
const isLookedUp = /^(docker compose|kubectl) /;

const noCluster = "by hand: there is no cluster where the tests run";

/** Every command in a block of the guides → the test that runs it, or why none does. README has a test of its own. */
const runBy: Record<string, Record<string, string>> = {
	"DEVELOPMENT_GUIDE.md": {
		"npm run dev": "tests/e2e/commands/dev.test.ts",
		"npm run status": "tests/e2e/commands/beside.test.ts",
		"npx jest services/order/order.machine.test.ts": "by hand: npm test runs jest on this file",
		"npm run check": "by hand: npm test runs its parts",
		"DATA_DIR=.shop/other PORT=8081 npm start": "tests/e2e/commands/start.test.ts",
		"npx node --inspect -r ./launch/preflight.cjs cli/start.ts":
			"by hand: an inspector waits for a person",
		"npx node --inspect-brk node_modules/jest/bin/jest.js --runInBand services/order/order.machine.test.ts":
			"by hand: an inspector waits for a person",
		"npx node --cpu-prof --cpu-prof-dir=.cache/profiles -r ./launch/preflight.cjs cli/start.ts":
			"by hand: it measures",
		"npm run chaos -- --matrix 0 --events 0 --orders 120 --kills 3 --seed 7":
			"tests/e2e/commands/chaos.test.ts"
	},
	"DEPLOYMENT.md": {
		"helm repo add prometheus-community https://prometheus-community.github.io/helm-charts":
			noCluster,
		"helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter --namespace monitoring --set prometheus.url=http://prometheus.monitoring.svc --values k8s/components/saga-autoscaling/adapter.values.yaml":
			noCluster,
		"docker build -t moleculer-commerce:development .": "tests/e2e/image/image.test.ts"
	}
};

const commandsOf = (file: string) =>
	[...readFileSync(join(root, file), "utf8").matchAll(/^ *```bash\n([^]*?)^ *```/gm)].flatMap(
		([, block]) =>
			block!
				.replaceAll(/ \\\n */g, " ")
				.trim()
				.split(/\n */)
	);

it.each(Object.entries(runBy))("each command of %s has a test, or a reason", (file, table) => {
	const commands = commandsOf(file).filter(command => !isLookedUp.test(command));
	expect(commands.sort()).toEqual(Object.keys(table).sort());
	for (const place of Object.values(table))
		if (!place.startsWith("by hand: "))
			expect([place, existsSync(join(root, place))]).toEqual([place, true]);
});

describe("commands of DEPLOYMENT.md", () => {
	const commands = [...new Set(commandsOf("DEPLOYMENT.md"))];
	const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), {
		merge: true
	}) as { services: Record<string, { profiles?: string[] }> };
	const profiles = Object.values(compose.services).flatMap(service => service.profiles ?? []);
	const manifests = globSync("k8s/{base,components,overlays}/**/*.yaml", { cwd: root }).flatMap(
		file =>
			parseAllDocuments(readFileSync(join(root, file), "utf8")).map(
				document =>
					document.toJS() as { kind?: string; namespace?: string; metadata?: { name?: string } }
			)
	);
	const objects = manifests.map(one => `${one.kind?.toLowerCase()}/${one.metadata?.name}`);
	const namespaces = manifests.map(({ namespace }) => namespace);

	/** What a command names and is not there. */
	const missing = (command: string): string[] => {
		const words = command.split(" ");
		const after = (option: string) => words[words.indexOf(option) + 1]!;
		const wrong: string[] = [];
		for (const [, profile] of command.matchAll(/ --profile (\S+)/g))
			if (!profiles.includes(profile!)) wrong.push(`profile ${profile}`);
		if (words.includes("-n") && !namespaces.includes(after("-n")))
			wrong.push(`namespace ${after("-n")}`);
		if (words.includes("-k") && !existsSync(join(root, after("-k"), "kustomization.yaml")))
			wrong.push(`kustomization ${after("-k")}`);
		if (words[1] === "compose" && words.includes("logs") && !compose.services[words.at(-1)!])
			wrong.push(`service ${words.at(-1)}`);
		const named = command.match(/\b(job|deployment|service|statefulset)[/ ][a-z-]+(?= |$)/g) ?? [];
		for (const name of named) if (!objects.includes(name.replace(" ", "/"))) wrong.push(name);
		return wrong;
	};

	it.each(commands.filter(command => isLookedUp.test(command)))("%s", command => {
		expect(missing(command)).toEqual([]);
	});

	it.each([
		["docker compose --profile metrics up", "profile metrics"],
		["docker compose logs orders", "service orders"],
		["kubectl apply -k k8s/overlays/test", "kustomization k8s/overlays/test"],
		["kubectl -n shop rollout status deployment/gateway", "namespace shop"],
		["kubectl -n moleculer-commerce delete job migration", "job migration"],
		["kubectl -n moleculer-commerce rollout status deployment/orders", "deployment/orders"]
	])("names what is missing: %s", (command, what) => {
		expect(missing(command)).toEqual([what]);
	});
});
