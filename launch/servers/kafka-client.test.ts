import { existsSync, readFileSync, statSync } from "node:fs";
import { clientFile, clientProperties } from "./kafka-client.ts";

const sasl = { mechanism: "scram-sha-512", username: "shop", password: "correct-horse" } as const;
const login = "org.apache.kafka.common.security.scram.ScramLoginModule required";

it.each([
	[{ ssl: false, sasl: undefined }, "security.protocol=PLAINTEXT\n"],
	[
		{ ssl: true, sasl: undefined },
		"security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates=one\\u000atwo\n"
	],
	[
		{ ssl: false, sasl },
		`security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=${login} username="shop" password="correct-horse";\n`
	]
])("writes settings for %j", (kafka, text) => {
	expect(clientProperties(kafka, ["one", "two"])).toBe(text);
});

it("combines both, and escapes quotes in the password", () => {
	const password = String.raw`a"b\c; d=ö`;
	const text = clientProperties({ ssl: true, sasl: { ...sasl, password } }, []);
	expect(text).toContain("security.protocol=SASL_SSL\n");
	expect(text).toContain(String.raw`password="a\\"b\\\\c; d=\u00f6";` + "\n");
});

it("writes them to a private file, and removes it", () => {
	const { path, remove } = clientFile({ ssl: true, sasl });
	expect(statSync(path).mode & 0o777).toBe(0o600);
	expect(readFileSync(path, "latin1")).toMatch(/^ssl\.truststore\.certificates=-+BEGIN CERT/m);
	remove();
	expect(existsSync(path)).toBe(false);
});
