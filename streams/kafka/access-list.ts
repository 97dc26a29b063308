import kafkajs, {
	type AclEntry,
	type AclOperationTypes,
	type AclResourceTypes,
	type Admin
} from "kafkajs";
import { type KafkaOptions, connectAdmin } from "./kafka.driver.ts";

// Node does not find these names as exports of their own.
const {
	AclOperationTypes: operationTypes,
	AclPermissionTypes: permissionTypes,
	AclResourceTypes: resourceTypes,
	ResourcePatternTypes: patternTypes
} = kafkajs;

/** Access-control entries of a Kafka, compared with the rights that users should have. */

export type Operation =
	| "All"
	| "Read"
	| "Write"
	| "Create"
	| "Delete"
	| "Alter"
	| "Describe"
	| "DescribeConfigs"
	| "AlterConfigs";

/** One access-control entry of Kafka: a user may do this with that. */
export interface Right {
	user: string;
	operation: Operation;
	on: "topic" | "group" | "cluster";
	name: string;
	/** Of all groups whose names begin with `name`: each reader of a whole topic makes one of its own. */
	isPrefix?: boolean;
}

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
function entryLine(entry: AclEntry): string {
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

/** Whether an entry can be about something that one of the rights is about. */
function concerns(
	rights: readonly Right[],
	{ resourceType, resourceName, resourcePatternType }: AclEntry
): boolean {
	const own = rights.filter(({ on }) => resources[on] === resourceType);
	if (resourceName === "*") return own.length > 0;
	return own.some(({ name, isPrefix }) => {
		if (name === resourceName) return true;
		const isWithin = isPrefix && resourceName.startsWith(name);
		const isPattern = resourcePatternType === patternTypes.PREFIXED;
		return isWithin || (isPattern && name.startsWith(resourceName));
	});
}

/** Lines such as `order: Write topic orders`. */
export interface Differences {
	missing: string[];
	/** Entries about what the rights name that no right is. */
	others: string[];
}

function assertTaken([left]: readonly AclEntry[]): void {
	if (left) throw new Error(`Kafka did not take all rights, such as ${entryLine(left)}`);
}

const everything = {
	resourceType: resourceTypes.ANY,
	resourcePatternType: patternTypes.ANY,
	operation: operationTypes.ANY,
	permissionType: permissionTypes.ANY
};

/** The entries of a Kafka with an authorizer, and the rights that they should be. */
export class AccessList {
	readonly #admin: Admin;
	readonly #rights: readonly Right[];

	private constructor(admin: Admin, rights: readonly Right[]) {
		this.#admin = admin;
		this.#rights = rights;
	}

	/** @throws Error while no broker answers, or it refuses the user */
	static async connect(options: KafkaOptions, rights: readonly Right[]): Promise<AccessList> {
		return new AccessList(await connectAdmin(options), rights);
	}

	/** @throws Error with the type SECURITY_DISABLED without an authorizer, CLUSTER_AUTHORIZATION_FAILED without the right */
	async differences(): Promise<Differences> {
		const { missing, others } = await this.#entries();
		return { missing: missing.map(entryLine), others: others.map(entryLine) };
	}

	/** Adds what is missing, and removes nothing. */
	async add(): Promise<void> {
		const { missing } = await this.#entries();
		if (missing.length > 0) await this.#admin.createAcls({ acl: missing });
		assertTaken((await this.#entries()).missing);
	}

	/** Adds what is missing before it removes the others, so that no user is without a right in between. */
	async set(): Promise<void> {
		await this.add();
		const { others } = await this.#entries();
		if (others.length > 0) await this.#admin.deleteAcls({ filters: others });
		const left = await this.#entries();
		assertTaken([...left.missing, ...left.others]);
	}

	async #entries(): Promise<{ missing: AclEntry[]; others: AclEntry[] }> {
		const { resources: found } = await this.#admin.describeAcls(everything);
		const there = found.flatMap(({ acls, ...resource }) =>
			acls.map((acl): AclEntry => ({ ...resource, ...acl }))
		);
		const wanted = this.#rights.map(entryOf);
		const [known, keys] = [there, wanted].map(entries => new Set(entries.map(keyOf)));
		return {
			missing: wanted.filter(entry => !known!.has(keyOf(entry))),
			others: there.filter(entry => concerns(this.#rights, entry) && !keys!.has(keyOf(entry)))
		};
	}

	close(): Promise<void> {
		return this.#admin.disconnect();
	}
}
