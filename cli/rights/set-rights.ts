import type { Config } from "../../config/index.ts";
import { unreachable } from "../../launch/servers/kafka-reach.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import type { Lifecycle } from "../../launch/process/lifecycle.ts";
import { AccessList, type Differences } from "../../streams/kafka/access-list.ts";
import { administrator, kafkaRights } from "./kafka-rights.ts";

const refuse = (sentence: string) => new LaunchError(sentence, exitCodes.configuration);

/** By name: Node does not find the names of kafkajs' error classes as exports. */
function explained(error: unknown): unknown {
	const { type } = error as { type?: string };
	if (type === "SECURITY_DISABLED")
		return refuse("This Kafka has no authorizer, so it has no rights: everyone may do everything.");
	if (type === "CLUSTER_AUTHORIZATION_FAILED")
		return refuse(`Only the user ${administrator} sees the rights: sign in as that one.`);
	return error;
}

async function connected(life: Lifecycle, kafka: NonNullable<Config["kafka"]>) {
	const list = await AccessList.connect(kafka, kafkaRights).catch((error: Error) => {
		throw unreachable(kafka.brokers.join(","), " (KAFKA_BROKERS)", error);
	});
	life.atEnd(() => list.close());
	return list;
}

/** `set` removes what is too much; `add` does not, for nodes of another version that need it. */
export type RightsChange = "add" | "set";

async function change(list: AccessList, how: RightsChange, { missing, others }: Differences) {
	await list[how]();
	if (how === "set") return `${missing.length} added, ${others.length} removed.`;
	const added = `${missing.length} added.`;
	if (others.length === 0) return added;
	return `${added} ${others.length} are too many, and stay until: npm run stream -- rights --set`;
}

/**
 * Prints how the rights in Kafka differ from those of the shop's users, or changes them.
 * @returns 1 where they differ and are left so
 * @throws LaunchError without Kafka, an authorizer, or the right to do so
 */
export async function runRightsCommand(
	life: Lifecycle,
	{ kafka }: Config,
	how: RightsChange | undefined
): Promise<0 | 1> {
	if (!kafka) throw refuse("Set KAFKA_BROKERS: rights are those of a Kafka.");
	// From then on no other user may change rights, so this user has to be there.
	if (how && kafka.sasl?.username !== administrator)
		throw refuse(
			`Rights are set by the user ${administrator}: set KAFKA_SASL_USERNAME and its password.`
		);
	const list = await connected(life, kafka);
	try {
		const differences = await list.differences();
		const { missing, others } = differences;
		for (const line of missing) console.log(`+ ${line}`);
		for (const line of others) console.log(`- ${line}`);
		const areRight = missing.length + others.length === 0;
		if (areRight) console.log(`The ${kafkaRights.length} rights are as they should be.`);
		else if (how) console.log(await change(list, how, differences));
		else console.log("They are as they should be after: npm run stream -- rights --set");
		return areRight || how ? 0 : 1;
	} catch (error) {
		throw explained(error);
	}
}
