import type { State, StateResource } from "../test-report.ts";
import { valueIn } from "./wiring.rules.ts";

/**
 * Which resource each argument and each output names, read from the values in a state: the mocked provider gives resources values of
 * their own. A resource that another one's value was given to has another line here.
 */

/** What another resource names a resource by: paths of values that the provider makes. */
const identities: readonly string[] = [
	"address",
	"arn",
	"bootstrap_brokers_sasl_scram",
	"domain_validation_options/0/resource_record_name",
	"domain_validation_options/0/resource_record_type",
	"domain_validation_options/0/resource_record_value",
	"fqdn",
	"id",
	"key_id",
	"master_user_secret/0/secret_arn",
	"public_ip",
	"repository_url",
	"url",
	"vpc_config/0/cluster_security_group_id"
];

/** Of these `arn` is an argument. */
const namesAnother: readonly string[] = ["aws_cloudwatch_event_target", "aws_sns_topic_policy"];

/** `["eu-central-1a"]` is `[a]`. */
const shortOf = (address: string) =>
	address.replace(/^module\./, "").replaceAll(/"(?:eu-central-1)?([^"]+)"/g, "$1");

const keyOf = (address: string) => /\[([^\]]+)\]$/.exec(address)?.[1];

interface Owner {
	address: string;
	path: string;
}

/** Value → whose it is; those of two resources say nothing. */
function ownersOf(resources: readonly StateResource[]): Map<string, Owner> {
	const owners = new Map<string, Owner | undefined>();
	for (const { address, type, values } of resources)
		for (const path of namesAnother.includes(type) ? [] : identities) {
			const value = valueIn(values, path);
			if (typeof value !== "string" || value === "") continue;
			const known = owners.get(value);
			const isOthers = owners.has(value) && known?.address !== address;
			owners.set(value, isOthers ? undefined : (known ?? { address, path }));
		}
	return new Map([...owners].filter((one): one is [string, Owner] => one[1] !== undefined));
}

/** Texts within a value, also within JSON, with their paths. */
function* textsIn(value: unknown, path: readonly string[] = []): Generator<[string, string]> {
	if (typeof value === "string" && /^[[{]/.test(value)) yield* textsIn(JSON.parse(value), path);
	else if (typeof value === "string") yield [path.join("/"), value];
	else if (Array.isArray(value))
		for (const one of value as ({ Sid?: string } | null)[])
			yield* textsIn(one, [...path, one?.Sid ?? "*"]);
	else if (value && typeof value === "object")
		for (const [name, one] of Object.entries(value)) yield* textsIn(one, [...path, name]);
}

/** A target of the same key as its origin is `[*]`, as all of a `for_each` are then one. */
function targetOf(origin: string, { address, path }: Owner): string {
	const [key, to] = [keyOf(origin), shortOf(address)];
	const named = key && keyOf(to) === key ? to.replace(/\[[^\]]+\]$/, "[*]") : to;
	return ["arn", "id"].includes(path) ? named : `${named}.${path}`;
}

const ofAll = (origin: string) => origin.replace(/\[[^\]]+\]$/, "[*]");

/** One line for all of a `for_each` that name the same. */
function collapsed(lines: ReadonlyMap<string, [origin: string, path: string, targets: string]>) {
	const groups = Map.groupBy(lines.values(), ([origin, path]) => `${ofAll(origin)} ${path}`.trim());
	return [...groups].flatMap(([line, all]) =>
		new Set(all.map(([, , targets]) => targets)).size === 1
			? [[line, all[0]![2]] as const]
			: all.map(([origin, path, targets]) => [`${origin} ${path}`.trim(), targets] as const)
	);
}

/** Origin and path → what it names. */
export function referencesIn({ resources, outputs }: State): Record<string, string> {
	const owners = ownersOf(resources);
	const found = new Map<string, [origin: string, path: string, targets: string]>();
	const add = (origin: string, own: string | undefined, values: unknown) => {
		const texts = Map.groupBy(textsIn(values), ([path]) => path);
		for (const [path, all] of texts) {
			const named = all.flatMap(([, text]) => owners.get(text) ?? []);
			const targets = named.filter(({ address }) => address !== own);
			if (targets.length === 0) continue;
			const names = new Set(targets.map(one => targetOf(origin, one)));
			found.set(`${origin} ${path}`, [origin, path, [...names].sort().join(" ")]);
		}
	};
	for (const { address, values } of resources) add(shortOf(address), address, values);
	for (const [name, { value }] of Object.entries(outputs)) add(`output.${name}`, undefined, value);
	return Object.fromEntries(collapsed(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
