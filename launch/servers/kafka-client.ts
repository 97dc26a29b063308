import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import type { Config } from "../../config/index.ts";

type Kafka = Pick<NonNullable<Config["kafka"]>, "ssl" | "sasl">;

/** Escaped for java.util.Properties. */
const escaped = (value: string) =>
	value
		.replaceAll("\\", "\\\\")
		.replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Settings of Kafka's own programs for brokers with TLS or authentication. */
export function clientProperties({ ssl, sasl }: Kafka, trusted: readonly string[]): string {
	const login = "org.apache.kafka.common.security.scram.ScramLoginModule required";
	const quoted = JSON.stringify;
	const properties = {
		"security.protocol": `${sasl ? "SASL_" : ""}${ssl ? "SSL" : "PLAINTEXT"}`,
		...(ssl && {
			"ssl.truststore.type": "PEM",
			"ssl.truststore.certificates": trusted.join("\n")
		}),
		...(sasl && {
			"sasl.mechanism": sasl.mechanism.toUpperCase(),
			"sasl.jaas.config": `${login} username=${quoted(sasl.username)} password=${quoted(sasl.password)};`
		})
	};
	return Object.entries(properties)
		.map(([name, value]) => `${name}=${escaped(value)}\n`)
		.join("");
}

/** A file with them that only this user can read, since command lines are public; trusts the same authorities as Node. */
export function clientFile(kafka: Kafka): { path: string; remove(): void } {
	const folder = mkdtempSync(join(tmpdir(), "shop-kafka-"));
	const path = join(folder, "client.properties");
	writeFileSync(path, clientProperties(kafka, getCACertificates("default")), { mode: 0o600 });
	return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
