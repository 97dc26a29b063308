import type { KafkaOptions } from "../../../launch/servers/kafka-server.ts";

/** A broker that asks for a user and a password and knows rights, as MSK is made: where nothing has rights, everyone may. */

export const passwordOf = (user: string) => `password-of-${user}`;

const loginModule = "org.apache.kafka.common.security.scram.ScramLoginModule required";

/** @param users besides `broker`, whose rights are not looked at, as those of brokers of MSK */
export const withUsers = (
	users: readonly string[]
): Required<Pick<KafkaOptions, "settings" | "scram">> => ({
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
