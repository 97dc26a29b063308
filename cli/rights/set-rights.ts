import type { Config } from "../../config/index.ts";
import { unreachable } from "../../launch/servers/kafka-reach.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import type { Lifecycle } from "../../launch/process/lifecycle.ts";
import { AccessList } from "../../streams/kafka/access-list.ts";
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

/**
 * Prints how the rights in Kafka differ from those of the shop's users, or makes them so.
 * @returns 1 where they differ and are left so
 * @throws LaunchError without Kafka, an authorizer, or the right to do so
 */
export async function runRightsCommand(
	life: Lifecycle,
	{ kafka }: Config,
	isToSet: boolean
): Promise<0 | 1> {
	if (!kafka) throw refuse("Set KAFKA_BROKERS: rights are those of a Kafka.");
	// From then on no other user may change rights, so this user has to be there.
	if (isToSet && kafka.sasl?.username !== administrator)
		throw refuse(
			`Rights are set by the user ${administrator}: set KAFKA_SASL_USERNAME and its password.`
		);
	const list = await connected(life, kafka);
	try {
		const { missing, others } = await list.differences();
		for (const line of missing) console.log(`+ ${line}`);
		for (const line of others) console.log(`- ${line}`);
		const count = missing.length + others.length;
		if (count === 0) console.log(`The ${kafkaRights.length} rights are as they should be.`);
		else if (isToSet) {
			await list.set();
			console.log(`${missing.length} added, ${others.length} removed.`);
		} else console.log("They are as they should be after: npm run stream -- rights --set");
		return count > 0 && !isToSet ? 1 : 0;
	} catch (error) {
		throw explained(error);
	}
}
