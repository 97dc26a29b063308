import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodesOf, ofKind, type ClusterObject, type Workload } from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";
import { environmentOf } from "../node-environment.ts";

/** Secrets: where each comes from, and who has none. */

type Objects = readonly ClusterObject[];

const page = readFileSync(join(import.meta.dirname, "../../../DEPLOYMENT.md"), "utf8");

/** That of the database's owner, which RDS makes, is read without a prefix and by the migration only. */
const ownerStore = "owner";
const ownerKey = /(^|:secret:)rds!db-/;

/** SecretStore → the prefix of its secrets. Kafka on AWS takes no secret whose name begins otherwise. */
const prefixes: Readonly<Record<string, (environment: string) => string>> = {
	secrets: environment => `moleculer-commerce/${environment}/`,
	kafka: environment => `AmazonMSK_moleculer-commerce-${environment}-`
};

/** `moleculer-commerce` is that of production, and others end in their overlay. */
function prefixFaults(objects: Objects): Fault[] {
	const stores = ofKind(objects, "SecretStore").filter(
		({ metadata }) => metadata.name !== ownerStore
	);
	return stores.flatMap(store => {
		const { prefix = "" } = store.spec.provider.aws as { prefix?: string };
		const [, environment = "production"] =
			/^moleculer-commerce-(.+)$/.exec(store.metadata.namespace!) ?? [];
		const expected = prefixes[store.metadata.name]?.(environment);
		return prefix === expected && page.includes(`\`${expected}\``)
			? []
			: [
					faultOf(
						store,
						prefix || "SecretStore",
						`reads secrets below ${prefix || "no prefix"}, and DEPLOYMENT.md says ${expected}`
					)
				];
	});
}

interface Reference {
	remoteRef: { key: string; property: string };
	sourceRef?: { storeRef: { name: string } };
}

/** Secrets of the store of which more than one may read a member: key and property → who does. */
const shared: Readonly<Record<string, readonly string[]>> = {
	"token TOKEN_PRIVATE_KEY": ["user"],
	"token TOKEN_PUBLIC_KEY": ["gateway"],
	"stripe STRIPE_SECRET_KEY": ["payment"],
	"stripe STRIPE_WEBHOOK_SECRET": ["payment"]
};

/** A password of the bus is read by its service and the bus, authorities by all, and the migration sets passwords of roles. */
function mayRead(secret: string, { remoteRef: { key, property }, sourceRef }: Reference): boolean {
	const store = sourceRef?.storeRef.name;
	if (store === ownerStore) return secret === "migrate" && ownerKey.test(key);
	if (store === "kafka" || key === secret) return key === secret;
	if (key === "certificates") return true;
	if (property === "NATS_PASSWORD") return key === `nats-${secret}` || secret === "nats";
	if (shared[`${key} ${property}`]?.includes(secret)) return true;
	return secret === "migrate" && property === `${key.toUpperCase()}_DATABASE_URL`;
}

function ownerFaults(objects: Objects): Fault[] {
	return ofKind(objects, "ExternalSecret").flatMap(one =>
		(one.spec.data as Reference[])
			.filter(reference => !mayRead(one.metadata.name, reference))
			.map(({ remoteRef: { key, property } }) =>
				faultOf(one, `key: ${key}`, `reads ${property} of ${key}, which is not its own`)
			)
	);
}

/** A folder that outlives the pod: a key of its own would end each session when it is replaced. */
function keepsData(objects: Objects, { spec }: Workload): boolean {
	const { containers, volumes = [] } = spec.template.spec;
	const { DATA_DIR } = environmentOf(objects, containers[0]!);
	const mount = containers[0]!.volumeMounts?.find(({ mountPath }) => mountPath === DATA_DIR);
	return (
		mount !== undefined &&
		!mount.readOnly &&
		volumes.some(({ name, persistentVolumeClaim }) => name === mount.name && persistentVolumeClaim)
	);
}

/** By service, the settings of which one is enough. */
const keys: Readonly<Record<string, readonly string[]>> = {
	user: ["TOKEN_PRIVATE_KEY"],
	gateway: ["TOKEN_PUBLIC_KEY", "TOKEN_PRIVATE_KEY"],
	payment: ["STRIPE_SECRET_KEY"]
};

/** Without its key a node makes one in DATA_DIR, and the simulated payment provider has its ledger there. */
function keyFaults(objects: Objects): Fault[] {
	return nodesOf(objects).flatMap(node => {
		const { name } = node.metadata;
		const wanted = keys[name] ?? [];
		const settings = environmentOf(objects, node.spec.template.spec.containers[0]!);
		const hasKey = wanted.length === 0 || wanted.some(key => settings[key]);
		return hasKey || keepsData(objects, node)
			? []
			: [
					faultOf(
						node,
						`name: ${name}`,
						`has neither ${wanted.join(" or ")} nor a DATA_DIR that is kept`
					)
				];
	});
}

export const secretFaults = (objects: Objects): Fault[] => [
	...prefixFaults(objects),
	...ownerFaults(objects),
	...keyFaults(objects)
];
