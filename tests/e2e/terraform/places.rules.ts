import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import type { State } from "./test-report.ts";

/** Outputs of Terraform, and the places in k8s/ that they go into. */

const root = join(import.meta.dirname, "../../..");
export const read = (path: string) => readFileSync(join(root, path), "utf8");

export const linesOf = (text: string): Record<string, string> =>
	Object.fromEntries(
		text
			.split("\n")
			.filter(line => /^\w+=/.test(line))
			.map(line => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
	);

interface Reference {
	secretKey: string;
	sourceRef?: { storeRef: { name: string } };
	remoteRef: { key: string; property: string };
}

interface ExternalSecret {
	metadata: { name: string };
	spec: { data: Reference[] };
}

const externalSecrets = () =>
	parseAllDocuments(read("k8s/base/secrets.yaml")).map(one => one.toJS() as ExternalSecret);

/** User of Kafka → members of its secret, as ExternalSecrets read them. */
export function kafkaUsersRead(): Record<string, string[]> {
	const references = externalSecrets()
		.flatMap(({ spec }) => spec.data)
		.filter(({ sourceRef }) => sourceRef?.storeRef.name === "kafka")
		.map(({ remoteRef }) => remoteRef);
	return Object.fromEntries(
		[...Map.groupBy(references, ({ key }) => key)].map(([user, refs]) => [
			user,
			refs.map(({ property }) => property).sort()
		])
	);
}

/** Secret → members, as the ExternalSecrets read them with the component aws. */
export function membersRead(): Record<string, string[]> {
	const secrets = externalSecrets();
	const patch = parse(read("k8s/components/aws/owner.patch.yaml")) as {
		path: string;
		value: Reference;
	}[];
	const patched = patch.filter(
		({ path }) => path.startsWith("/spec/data/") && !path.endsWith("secretKey")
	);
	const references = [
		...secrets
			.flatMap(({ metadata, spec }) => spec.data.map(one => ({ ...one, of: metadata.name })))
			// The patch puts the parts of the owner's URL in place of it.
			.filter(one => !(one.of === "migrate" && one.secretKey === "DATABASE_URL")),
		...patched.map(({ value }) => value)
	].filter(({ sourceRef }) => !sourceRef);
	const bySecret = Map.groupBy(references, ({ remoteRef }) => remoteRef.key);
	return Object.fromEntries(
		[...bySecret].map(([key, refs]) => [
			key,
			[...new Set(refs.map(one => one.remoteRef.property))].sort()
		])
	);
}

/** What stands for something of one's own in the manifests → the output that has it. */
const places: readonly [text: RegExp, output: string][] = [
	[/registry\.example\/moleculer-commerce/, "image_repository"],
	[/^(PUBLIC_URL|KAFKA_BROKERS|MAIL_FROM)=/, "settings_env"],
	[/^\s+value: (staging\.)?shop\.example$/, "ingress_host"],
	[/rds!db-example/, "owner_secret_arn"],
	[/^\s+alb\.ingress\.kubernetes\.io\//, "ingress_annotations"]
];

/** Lines with `example` for which there is no output. */
export function linesWithoutOutput(outputs: State["outputs"]): string[] {
	const files = globSync("k8s/{base/settings.env,overlays/{staging,production}/*}", { cwd: root });
	return files.flatMap(file =>
		read(file)
			.split("\n")
			.filter(line => line.includes("example") && !line.startsWith("#"))
			.filter(line => !places.some(([text, output]) => text.test(line) && outputs[output]))
			.map(line => `${file}: ${line.trim()}`)
	);
}

export const annotationsOf = (environment: string) =>
	(
		parse(read(`k8s/overlays/${environment}/entry.patch.yaml`)) as {
			metadata: { annotations: Record<string, string> };
		}
	).metadata.annotations;

/** Names of attributes of a load balancer: `idle_timeout.timeout_seconds=60,…`. */
export const attributeNames = (annotations: Record<string, string>) =>
	annotations["alb.ingress.kubernetes.io/load-balancer-attributes"]!.split(",").map(
		one => one.split("=")[0]
	);
