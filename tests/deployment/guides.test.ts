import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { commandsIn, unknownScriptWords, unknownWords } from "./guide-commands.ts";

const root = join(import.meta.dirname, "../..");

/**
 * There is no Docker engine, no cluster and no account of AWS where the tests run, so what these name is looked up; the same files
 * are run by tests/e2e/compose.test.ts, tests/e2e/manifests.test.ts and tests/e2e/terraform/terraform.test.ts.
 */
const isLookedUp = /^(docker compose|kubectl|terraform|aws|helm) /;

const noAccount = "by hand: there is no account of AWS where the tests run";
const noCertificates = "by hand: it makes the certificates of one shop";

/** Of a command of Docker Compose: those after its options, and those that it scales. */
function servicesOf(words: readonly string[]): string[] {
	if (!words.includes("compose")) return [];
	const start = words.findIndex(word => word === "up" || word === "logs");
	return words.slice(start + 1).flatMap((word, index, all) => {
		if (all[index - 1] === "--scale") return [word.split("=")[0]!];
		return start < 0 || word.startsWith("-") || all[index - 1] === "--tail" ? [] : [word];
	});
}

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
			"by hand: npm test ends with a longer run of it"
	},
	"DEPLOYMENT.md": {
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=bus -keyout bus-ca.key -out bus-ca.crt":
			"tests/deployment/certificates.test.ts",
		"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=nats -addext 'subjectAltName=DNS:nats,DNS:nats-0.nats-cluster,DNS:nats-1.nats-cluster,DNS:nats-2.nats-cluster' -addext extendedKeyUsage=serverAuth,clientAuth -keyout tls.key -out tls.csr":
			"tests/deployment/certificates.test.ts",
		"openssl x509 -req -in tls.csr -CA bus-ca.crt -CAkey bus-ca.key -CAcreateserial -days 825 -copy_extensions copy -out tls.crt":
			"tests/deployment/certificates.test.ts",
		"curl --fail --output rds.pem https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem":
			noAccount,
		'jq -n --rawfile crt tls.crt --rawfile key tls.key \'{"tls.crt": $crt, "tls.key": $key}\' > nats-tls.json':
			noCertificates,
		"jq -n --rawfile bus bus-ca.crt --rawfile rds rds.pem '{\"ca.crt\": ($bus + $rds)}' > certificates.json":
			noCertificates,
		'jq -n \'{STRIPE_SECRET_KEY: "sk_live_…", STRIPE_WEBHOOK_SECRET: "whsec_…"}\' > stripe.json':
			noAccount,
		"docker build --platform linux/amd64 -t 123456789012.dkr.ecr.eu-central-1.amazonaws.com/moleculer-commerce:0.2.0 .":
			noAccount,
		"jq -j .password administrator.json | kubectl -n moleculer-commerce exec -i deployment/analytics -- env -u KAFKA_SASL_PASSWORD KAFKA_SASL_USERNAME=administrator KAFKA_SASL_PASSWORD_FILE=/dev/stdin node cli/stream.ts rights --set":
			"by hand: tests/e2e/kafka-rights.test.ts runs what is in the pod",
		"docker push 123456789012.dkr.ecr.eu-central-1.amazonaws.com/moleculer-commerce:0.2.0":
			noAccount,
		"gcloud services enable compute.googleapis.com dataproc.googleapis.com secretmanager.googleapis.com --project=shop-analytics-production":
			noAccount,
		"gcloud beta services identity create --service=dataproc.googleapis.com --project=shop-analytics-production":
			noAccount,
		"gcloud beta services identity create --service=secretmanager.googleapis.com --project=shop-analytics-production":
			noAccount,
		"gcloud storage buckets create gs://shop-analytics-production-terraform --project=shop-analytics-production --location=europe-west3 --uniform-bucket-level-access --public-access-prevention":
			noAccount,
		"gcloud storage buckets update gs://shop-analytics-production-terraform --versioning":
			noAccount,
		"export AWS_REGION=eu-central-1": noAccount,
		"export TF_DATA_DIR=.terraform-production": noAccount,
		'eval "$(terraform -chdir=terraform/gcp output -raw submit_settings)"': noAccount,
		'KAFKA_BROKERS="$(terraform -chdir=terraform/aws output -raw kafka_brokers)" analytics/flink-job/submit.sh':
			noAccount,
		"docker build -t moleculer-commerce:development .": "tests/e2e/image/image.test.ts"
	}
};

const page = (file: string) => readFileSync(join(root, file), "utf8");

const commandsOf = (file: string) =>
	[...page(file).matchAll(/^ *```bash\n([^]*?)^ *```/gm)].flatMap(([, block]) =>
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
	const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), {
		merge: true
	}) as { services: Record<string, { profiles?: string[] }> };
	const profiles = Object.values(compose.services).flatMap(service => service.profiles ?? []);
	const manifests = globSync("k8s/{argocd,base,components,overlays}/**/*.yaml", {
		cwd: root
	}).flatMap(file =>
		parseAllDocuments(readFileSync(join(root, file), "utf8")).map(
			document =>
				document.toJS() as {
					kind?: string;
					namespace?: string;
					nameSuffix?: string;
					metadata?: { name?: string };
				}
		)
	);
	/** Those of the files, applications of Argo CD by their suffix, and jobs that the page makes. */
	const objects = [
		...manifests.map(one => `${one.kind?.toLowerCase()}/${one.metadata?.name}`),
		...manifests.map(({ nameSuffix }) => `application/moleculer-commerce${nameSuffix}`),
		...Array.from(
			page("DEPLOYMENT.md").matchAll(/ create job --from=\S+ ([a-z-]+)/g),
			([, name]) => `job/${name}`
		)
	];
	const namespaces = manifests.map(({ namespace }) => namespace);

	const outputsOf = (folder: string) =>
		existsSync(join(root, folder, "outputs.tf"))
			? [...page(`${folder}/outputs.tf`).matchAll(/^output "(\w+)"/gm)].map(([, name]) => name!)
			: [];
	const outputs = outputsOf("terraform/aws");

	/** Of a command of Terraform. Files of variables are copies of examples. */
	const missingOfTerraform = (words: readonly string[]): string[] => {
		const [, folder = ""] = words[1]!.split("=");
		const files = words.flatMap(
			word => /^-(?:var-file|backend-config)=(.*)$/.exec(word)?.[1] ?? []
		);
		const named = words.includes("output") && words.at(-1) !== "output" ? [words.at(-1)!] : [];
		return [
			...(existsSync(join(root, folder, "main.tf")) ? [] : [`folder ${folder}`]),
			...files
				.filter(file => !existsSync(join(root, folder, `${file}.example`)))
				.map(file => `example of ${file}`),
			...named
				.filter(name => folder && !outputsOf(folder).includes(name))
				.map(name => `output ${name}`)
		];
	};

	it("names an output for each place to replace", () => {
		const text = page("DEPLOYMENT.md");
		const rows = text.slice(text.indexOf("## What to replace"), text.indexOf("## What a cluster"));
		const named = rows
			.split("\n")
			.filter(line => line.startsWith("|"))
			.flatMap(line =>
				[
					...line
						.split("|")
						.at(-2)!
						.matchAll(/`(\w+)`/g)
				].map(([, name]) => name)
			);
		expect(named.length).toBe(10);
		expect(named.filter(name => !outputs.includes(name!))).toEqual([]);
	});

	/** What a command names and is not there. */
	const missing = (command: string): string[] => {
		const words = command.split(" ");
		if (words[0] === "terraform") return missingOfTerraform(words);
		const after = (option: string) => words[words.indexOf(option) + 1]!;
		const wrong: string[] = [];
		for (const [, profile] of command.matchAll(/ --profile (\S+)/g))
			if (!profiles.includes(profile!)) wrong.push(`profile ${profile}`);
		if (words.includes("-n") && !namespaces.includes(after("-n")))
			wrong.push(`namespace ${after("-n")}`);
		if (words.includes("-k") && !existsSync(join(root, after("-k"), "kustomization.yaml")))
			wrong.push(`kustomization ${after("-k")}`);
		for (const name of servicesOf(words))
			if (!compose.services[name]) wrong.push(`service ${name}`);
		const named =
			command.match(
				/\b(application|cronjob|job|deployment|service(account)?|statefulset)[/ ][a-z][a-z-]*(?= |$)/g
			) ?? [];
		for (const name of named) if (!objects.includes(name.replace(" ", "/"))) wrong.push(name);
		return wrong;
	};

	const looked = commandsIn("DEPLOYMENT.md", page("DEPLOYMENT.md"));

	it.each(looked.map(({ at, text }) => [text, at]))("%s (%s)", command => {
		expect(missing(command)).toEqual([]);
	});

	it.each([
		["docker compose --profile metrics up", "profile metrics"],
		["docker compose logs orders", "service orders"],
		["kubectl apply -k k8s/overlays/test", "kustomization k8s/overlays/test"],
		["kubectl -n shop rollout status deployment/gateway", "namespace shop"],
		["kubectl -n moleculer-commerce delete job migration", "job migration"],
		["kubectl -n moleculer-commerce create job --from=cronjob/to-flink x", "cronjob/to-flink"],
		["kubectl -n moleculer-commerce delete serviceaccount shop", "serviceaccount shop"],
		[
			"kubectl -n argocd delete application moleculer-commerce-dev",
			"application moleculer-commerce-dev"
		],
		["kubectl -n moleculer-commerce rollout status deployment/orders", "deployment/orders"],
		["docker compose up --scale orders=2", "service orders"],
		["docker compose up --no-deps user orders", "service orders"],
		["terraform -chdir=terraform/azure apply x", "folder terraform/azure"],
		["terraform -chdir=terraform/aws plan -var-file=prod.tfvars", "example of prod.tfvars"],
		["terraform -chdir=terraform/aws output -raw vpc", "output vpc"]
	])("names what is missing: %s", (command, what) => {
		expect(missing(command)).toEqual([what]);
	});
});

const pages = [
	"README.md",
	"DEPLOYMENT.md",
	"DEVELOPMENT_GUIDE.md",
	"CONTRIBUTING.md",
	"CHANGELOG.md"
];
const guides = [...pages, ...globSync("docs/*.md", { cwd: root })].map(
	name => [name, page(name)] as const
);

it("paths of the API in the guides are routes", () => {
	const { paths } = JSON.parse(page("docs/openapi.json")) as { paths: object };
	const routes = Object.keys(paths);
	const named = guides.flatMap(
		([, text]) => text.match(/\/api\/v1\/[a-z/{}-]+(?=["'`?)\s])/g) ?? []
	);
	expect(named.length).toBeGreaterThan(12);
	expect(named.filter(path => !routes.includes(path))).toEqual([]);
});

describe("commands of all guides", () => {
	const all = guides.flatMap(([name, text]) => commandsIn(name, text));

	it("are found in blocks and in sentences", () => {
		expect(all.length).toBeGreaterThan(35);
		expect(all).toContainEqual(
			expect.objectContaining({ text: "docker compose up --detach --no-recreate --scale order=2" })
		);
	});

	it("have words that their programs know", () => {
		const wrong = all.flatMap(command =>
			unknownWords(command).map(what => `${command.at}: ${command.text}: ${what}`)
		);
		expect(wrong).toEqual([]);
	});

	// Some controllers take part in everything that is made after them, and refuse it until they run.
	it("wait for each chart", () => {
		const charts = all.filter(({ text }) => text.startsWith("helm upgrade"));
		expect(charts.length).toBeGreaterThan(4);
		expect(charts.filter(({ text }) => !/ --wait --timeout \d+m/.test(text))).toEqual([]);
	});

	it.each([
		["docker compose upp --detatch --wait", "subcommand upp --detatch"],
		["docker compose pss", "subcommand pss"],
		["docker compose up --scail order=2", "option --scail"],
		["docker compose --profle logging up", "option --profle"],
		["kubectl -n shop rolout restrt deployment", "subcommand rolout restrt"],
		["kubectl -n shop rollout status deployment/gateway --timout=10m", "option --timout"],
		["terraform -chdir=terraform/aws appply", "subcommand appply"],
		["terraform -chdr=terraform/aws apply", "option -chdr=terraform/aws"],
		["aws s3api create-bucket --bukket x", "option --bukket"],
		["helm upgrade --instal x", "option --instal"],
		["kubectl annotate externalsecret --all force-sync=1 --overwrite", "no namespace (-n)"],
		["kubectl logs job/migrate", "no namespace (-n)"],
		["docker compose run --no-dep analytics cli/stream.ts", "option --no-dep"],
		["kubectl -n shop create job --form=cronjob/x y", "option --form"]
	])("would be refused: %s", (text, what) => {
		expect(unknownWords({ text, at: "" })).toEqual([what]);
	});

	it("are found with the line at which they begin", () => {
		const text =
			"one\n\n```bash\nkubectl apply \\\n  -k a\nkubectl kustomize b\n```\n\nSee `docker compose ps`.\n";
		expect(commandsIn("a.md", text)).toEqual([
			{ text: "kubectl apply -k a", at: "a.md:4" },
			{ text: "kubectl kustomize b", at: "a.md:6" },
			{ text: "docker compose ps", at: "a.md:9" }
		]);
	});
});

describe("npm scripts of all guides", () => {
	const { scripts } = JSON.parse(page("package.json")) as { scripts: Record<string, string> };
	const sourceOf = (script: string) => {
		const [, program] = /(?:cli|scripts)\/([\w-]+)\.ts/.exec(scripts[script] ?? "") ?? [];
		if (!program) return scripts[script];
		const files = globSync([`{cli,scripts}/${program}.ts`, `cli/${program}/**/*.ts`], {
			cwd: root
		});
		return files.map(page).join("\n");
	};
	// The changelog names those of earlier versions too.
	const present = guides.filter(([name]) => name !== "CHANGELOG.md");
	const all = present.flatMap(([name, text]) =>
		[...text.matchAll(/npm run [^`\n#|]*/g)].map(([command]) => [name, command.trim()] as const)
	);

	it("are there, with words that they know", () => {
		expect(all.length).toBeGreaterThan(100);
		const wrong = all.flatMap(([name, command]) =>
			unknownScriptWords(command, sourceOf).map(what => `${name}: ${command}: ${what}`)
		);
		expect(wrong).toEqual([]);
	});

	it.each([
		["npm run steam", "script steam"],
		["npm run stream -- dlq lst", "lst"],
		["npm run chaos -- --order 60", "--order"],
		["npm run verify -- order", "order"]
	])("would be refused: %s", (command, what) => {
		expect(unknownScriptWords(command, sourceOf)).toEqual([what]);
	});
});
