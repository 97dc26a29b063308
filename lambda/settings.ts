import tls from "node:tls";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { toConfig, useConfig } from "../config/index.ts";
import { readEnvironment } from "../config/read-environment.ts";
import { answeredInTime } from "../services/notification/aws/client-options.ts";

/** Settings that only the function has; the others are those of a node (docs/configuration.md). */
export interface FunctionSettings {
	/** Of the queue for messages that are no valid events. */
	deadLetterQueueUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The member of a secret that is no variable: authorities of the bus and of Postgres, as PEM. */
const authorities = "ca.crt";

/** @throws Error that names the secret, and none of its content */
async function readSecret(client: SecretsManagerClient, id: string): Promise<Environment> {
	const { SecretString = "" } = await answeredInTime(options =>
		client.send(new GetSecretValueCommand({ SecretId: id }), options)
	);
	try {
		return JSON.parse(SecretString) as Environment;
	} catch {
		throw new Error(`The secret ${id} is no JSON object`);
	}
}

/** All members of the secrets that SECRET_IDS names. Lambda itself has no way to give a function a secret as a variable. */
async function readSecrets(env: Environment): Promise<Environment> {
	const ids = (env.SECRET_IDS ?? "").split(",").filter(Boolean);
	if (ids.length === 0) return {};
	const client = new SecretsManagerClient({
		...(env.AWS_ENDPOINT_URL && { endpoint: env.AWS_ENDPOINT_URL })
	});
	try {
		const found = await Promise.all(ids.map(id => readSecret(client, id)));
		return Object.assign({}, ...found) as Environment;
	} finally {
		client.destroy();
	}
}

/** The address of the bus is a setting, and the password is a secret that is not the function's alone: the bus reads it too. */
export function withBusPassword({ NATS_PASSWORD, ...settings }: Environment): Environment {
	const { NATS_URL } = settings;
	if (!NATS_PASSWORD || !NATS_URL || !URL.canParse(NATS_URL)) return settings;
	const url = new URL(NATS_URL);
	url.password ||= NATS_PASSWORD;
	return { ...settings, NATS_URL: url.href };
}

/** NODE_EXTRA_CA_CERTS is read when a process starts, which is before the function has its secrets. */
function trust(certificates: string): void {
	// Node 22 has it from 22.19 on.
	if (typeof tls.setDefaultCACertificates !== "function")
		throw new Error(`Node ${process.version} cannot use ${authorities}: 22.19 or newer is needed`);
	tls.setDefaultCACertificates([...tls.getCACertificates("default"), certificates]);
}

/**
 * Reads the settings of the function: its environment, and its secrets, which are not in it.
 * @throws EnvironmentError with every issue; Error when a secret cannot be read
 */
export async function readSettings(env: Environment): Promise<FunctionSettings> {
	const { [authorities]: certificates, ...secrets } = await readSecrets(env);
	if (certificates) trust(certificates);
	const settings = withBusPassword({ ...env, ...secrets });
	useConfig(toConfig(readEnvironment({ ...settings, SERVICES: "notification" })));
	const { DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl } = env;
	if (!deadLetterQueueUrl) throw new Error("DEAD_LETTER_QUEUE_URL: must be set");
	return { deadLetterQueueUrl };
}
