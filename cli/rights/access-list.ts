import kafkajs, {
	type AclEntry,
	type AclOperationTypes,
	type AclResourceTypes,
	type Admin
} from "kafkajs";
import { kafkaRights, type Operation, type Right } from "./kafka-rights.ts";

// Node does not find these names as exports of their own.
const {
	AclOperationTypes: operationTypes,
	AclPermissionTypes: permissionTypes,
	AclResourceTypes: resourceTypes,
	ResourcePatternTypes: patternTypes
} = kafkajs;

/** Access-control entries of a Kafka, compared with the rights that the shop's users should have. */

const operations: Readonly<Record<Operation, AclOperationTypes>> = {
	All: operationTypes.ALL,
	Read: operationTypes.READ,
	Write: operationTypes.WRITE,
	Create: operationTypes.CREATE,
	Delete: operationTypes.DELETE,
	Alter: operationTypes.ALTER,
	Describe: operationTypes.DESCRIBE,
	DescribeConfigs: operationTypes.DESCRIBE_CONFIGS,
	AlterConfigs: operationTypes.ALTER_CONFIGS
};

const resources: Readonly<Record<Right["on"], AclResourceTypes>> = {
	topic: resourceTypes.TOPIC,
	group: resourceTypes.GROUP,
	cluster: resourceTypes.CLUSTER
};

const entryOf = ({ user, operation, on, name, isPrefix }: Right): AclEntry => ({
	principal: `User:${user}`,
	host: "*",
	operation: operations[operation],
	permissionType: permissionTypes.ALLOW,
	resourceType: resources[on],
	resourceName: name,
	resourcePatternType: isPrefix ? patternTypes.PREFIXED : patternTypes.LITERAL
});

const order: readonly (keyof AclEntry)[] = [
	"principal",
	"permissionType",
	"operation",
	"resourceType",
	"resourceName",
	"resourcePatternType",
	"host"
];

const keyOf = (entry: AclEntry) => JSON.stringify(order.map(name => entry[name]));

const nameIn = (names: object, value: number) =>
	Object.entries(names).find(([, one]) => one === value)?.[0] ?? String(value);

/** `order: Write topic orders`, as of a right; with what no right of the shop has. */
export function entryLine(entry: AclEntry): string {
	const { principal, permissionType, operation, resourceType, resourceName } = entry;
	return [
		`${principal.replace(/^User:/, "")}:`,
		...(permissionType === permissionTypes.ALLOW ? [] : ["not"]),
		nameIn(operations, operation),
		nameIn(resources, resourceType),
		entry.resourcePatternType === patternTypes.PREFIXED ? `${resourceName}*` : resourceName,
		...(entry.host === "*" ? [] : [`from ${entry.host}`])
	].join(" ");
}

/** Whether an entry can be about something that the shop uses. */
function concernsShop({ resourceType, resourceName, resourcePatternType }: AclEntry): boolean {
	const own = kafkaRights.filter(({ on }) => resources[on] === resourceType);
	if (resourceName === "*") return own.length > 0;
	return own.some(({ name, isPrefix }) => {
		if (name === resourceName) return true;
		const isWithin = isPrefix && resourceName.startsWith(name);
		const isPattern = resourcePatternType === patternTypes.PREFIXED;
		return isWithin || (isPattern && name.startsWith(resourceName));
	});
}

export interface Differences {
	missing: AclEntry[];
	/** Entries about the shop's topics, groups and the cluster that no right of the shop is. */
	others: AclEntry[];
}

const everything = {
	resourceType: resourceTypes.ANY,
	resourcePatternType: patternTypes.ANY,
	operation: operationTypes.ANY,
	permissionType: permissionTypes.ANY
};

/** @throws Error without the right to see them */
export async function differences(admin: Admin): Promise<Differences> {
	const { resources: found } = await admin.describeAcls(everything);
	const there = found.flatMap(({ acls, ...resource }) =>
		acls.map((acl): AclEntry => ({ ...resource, ...acl }))
	);
	const known = new Set(there.map(keyOf));
	const wanted = kafkaRights.map(entryOf);
	const keys = new Set(wanted.map(keyOf));
	return {
		missing: wanted.filter(entry => !known.has(keyOf(entry))),
		others: there.filter(entry => concernsShop(entry) && !keys.has(keyOf(entry)))
	};
}

/** Adds what is missing before it removes the others, so that no node is without a right in between. */
export async function setRights(admin: Admin, { missing, others }: Differences): Promise<void> {
	if (missing.length > 0) await admin.createAcls({ acl: missing });
	if (others.length > 0) await admin.deleteAcls({ filters: others });
	const left = await differences(admin);
	const [entry] = [...left.missing, ...left.others];
	if (entry) throw new Error(`Kafka did not take all rights, such as ${entryLine(entry)}`);
}
