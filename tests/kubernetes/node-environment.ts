import { generateKeyPairSync } from "node:crypto";
import { variables } from "../../config/env.ts";
import { ofKind, type ClusterObject, type Container } from "./cluster-objects.ts";

/** The environment that a container gets. */

const pair = generateKeyPairSync("ed25519", {
	privateKeyEncoding: { type: "pkcs8", format: "pem" },
	publicKeyEncoding: { type: "spki", format: "pem" }
});

/** Valid values of what a secret store holds, by property. */
const examples: Readonly<Record<string, string>> = {
	TOKEN_PRIVATE_KEY: pair.privateKey,
	TOKEN_PUBLIC_KEY: pair.publicKey,
	STRIPE_SECRET_KEY: "sk_live_example",
	STRIPE_WEBHOOK_SECRET: "whsec_example",
	DATABASE_HOST: "db.example:5432/shop",
	// As RDS makes it: such characters may not stand in a URL.
	password: "[p$a#s%s:w?r/d]@",
	...Object.fromEntries(
		Object.keys(variables)
			.filter(name => name.endsWith("DATABASE_URL"))
			.map(name => [name, "postgres://role:password@db.example:5432/shop?sslmode=verify-full"])
	)
};

interface ExternalSecret {
	target: { template?: { data: Record<string, string> } };
	data: { secretKey: string; remoteRef: { key: string; property: string } }[];
}

const member = /\{\{ \.(\w+)( \| urlquery)? \}\}/g;

/** What the External Secrets operator makes of it. @throws Error for a template with a value that it does not read */
function externalData({ metadata, spec }: ClusterObject): Record<string, string> {
	const { target, data } = spec as ExternalSecret;
	const values = Object.fromEntries(
		data.map(({ secretKey, remoteRef: { key, property } }) => [
			secretKey,
			// Of another secret it is another one. The bus takes letters and digits.
			examples[property] ?? `example${key}${property}`.replaceAll(/[^A-Za-z0-9]/g, "")
		])
	);
	if (!target.template) return values;
	return Object.fromEntries(
		Object.entries(target.template.data).map(([key, template]) => [
			key,
			template.replace(member, (_, name: string, inUrl?: string) => {
				const value = values[name];
				if (value === undefined)
					throw new Error(
						`ExternalSecret/${metadata.name}: ${name} of its template is not in data`
					);
				return inUrl ? encodeURIComponent(value) : value;
			})
		])
	);
}

/** Secrets by name, of ExternalSecrets too. */
export function secretsOf(objects: readonly ClusterObject[]): Map<string, Record<string, string>> {
	const decoded = ({ data = {}, stringData }: ClusterObject) => ({
		...Object.fromEntries(
			Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()])
		),
		...stringData
	});
	return new Map([
		...ofKind(objects, "Secret").map(one => [one.metadata.name, decoded(one)] as const),
		...ofKind(objects, "ExternalSecret").map(one => [one.metadata.name, externalData(one)] as const)
	]);
}

export const configMapsOf = (objects: readonly ClusterObject[]) =>
	new Map(
		ofKind(objects, "ConfigMap").map(({ metadata, data = {} }) => [metadata.name, data] as const)
	);

/** `env` goes before `envFrom`, and of this the last one counts, as for a kubelet. */
export function environmentOf(
	objects: readonly ClusterObject[],
	{ env = [], envFrom = [] }: Container
): Record<string, string> {
	const secrets = secretsOf(objects);
	const configMaps = configMapsOf(objects);
	return {
		...Object.assign(
			{},
			...envFrom.map(({ configMapRef, secretRef }) =>
				configMapRef ? configMaps.get(configMapRef.name) : secrets.get(secretRef?.name ?? "")
			)
		),
		...Object.fromEntries(
			env.map(({ name, value, valueFrom: { secretKeyRef: secret, configMapKeyRef: map } = {} }) => [
				name,
				value ??
					secrets.get(secret?.name ?? "")?.[secret!.key] ??
					configMaps.get(map?.name ?? "")?.[map!.key] ??
					""
			])
		)
	};
}
