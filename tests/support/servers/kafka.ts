import { join } from "node:path";
import { kafkaClassPath } from "../../../launch/servers/kafka-jars.ts";
import {
	type KafkaOptions,
	type KafkaServer,
	startKafka
} from "../../../launch/servers/kafka-server.ts";
import { describeWith } from "../describe-with.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** For tests with a real broker. */
export const describeKafka = describeWith("java");

/** A first start downloads the broker. */
export const kafkaWithinMs = 180_000;

/** The broker's files, for tests whose child processes cannot download: they are given little of the environment. */
export const fetchKafka = () => kafkaClassPath(step => process.stderr.write(`tests: ${step}\n`));

export interface TestKafka extends KafkaServer {
	/** The error of an unexpected end. */
	readonly crashes: string[];
	/** Starts it again after `stop` or `crash`, in the same folder and with its data, unless `fresh`. */
	restart(fresh?: boolean): Promise<void>;
}

/** A new broker, in a folder that is deleted with the test run. */
export async function testKafka(
	more: Pick<KafkaOptions, "settings" | "scram"> = {}
): Promise<TestKafka> {
	const crashes: string[] = [];
	const options: KafkaOptions = {
		directory: join(temporaryFolder(), "kafka"),
		progress: step => process.stderr.write(`tests: ${step}\n`),
		onCrash: reason => crashes.push(reason),
		...more
	};
	let server = await startKafka(options);
	return {
		crashes,
		get brokers() {
			return server.brokers;
		},
		stop: () => server.stop(),
		crash: () => server.crash(),
		pause: () => server.pause(),
		resume: () => server.resume(),
		async restart(fresh = false) {
			server = await startKafka({ ...options, fresh });
		}
	};
}
/** A broker that asks for a user and a password and knows rights, as MSK is made: where nothing has rights, everyone may. */

export const passwordOf = (user: string) => `password-of-${user}`;

const loginModule = "org.apache.kafka.common.security.scram.ScramLoginModule required";

/** @param users besides `broker`, whose rights are not looked at, as those of brokers of MSK */
export const withUsers = (
	users: readonly string[]
): { scram: string[]; settings: Record<string, string> } => ({
	scram: ["broker", ...users].map(
		user => `SCRAM-SHA-512=[name=${user},password=${passwordOf(user)}]`
	),
	settings: {
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
		"sasl.enabled.mechanisms": "SCRAM-SHA-512",
		"sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
		"listener.name.clients.scram-sha-512.sasl.jaas.config": `${loginModule} username="broker" password="${passwordOf("broker")}";`,
		"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"allow.everyone.if.no.acl.found": "true",
		"super.users": "User:broker;User:ANONYMOUS"
	}
});

/** As the settings of a node name them. */
export const loginOf = (user: string) => ({
	KAFKA_SASL_USERNAME: user,
	KAFKA_SASL_PASSWORD: passwordOf(user)
});
