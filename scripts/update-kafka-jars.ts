import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/**
 * `node scripts/update-kafka-jars.ts` writes the list of a Kafka broker's files with checksums, as `sha256sum` does. It
 * uses Maven, so that running the broker does not need it.
 */

const wanted = [
	"org.apache.kafka:kafka_2.13:4.3.1",
	"org.apache.kafka:kafka-tools:4.3.1",
	// Kafka's release has a logger; its artifacts name none.
	"org.apache.logging.log4j:log4j-slf4j-impl:2.25.2",
	"org.apache.logging.log4j:log4j-core:2.25.2",
	"org.apache.logging.log4j:log4j-api:2.25.2"
];

const folder = mkdtempSync(join(tmpdir(), "kafka-jars-"));
const dependencies = wanted.map(coordinates => {
	const [group, artifact, version] = coordinates.split(":");
	return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
});
writeFileSync(
	join(folder, "pom.xml"),
	`<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>shop</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>${dependencies.join("")}</dependencies></project>`
);
const jars = join(folder, "jars");
execFileSync(
	"mvn",
	[
		"-q",
		"-B",
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
		"-DincludeScope=runtime",
		"-Dmdep.useRepositoryLayout=true",
		`-DoutputDirectory=${jars}`
	],
	{ cwd: folder, stdio: "inherit" }
);
const lines = readdirSync(jars, { recursive: true, withFileTypes: true })
	.filter(entry => entry.isFile() && entry.name.endsWith(".jar"))
	.map(entry => join(entry.parentPath, entry.name))
	.sort()
	.map(path => {
		const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
		return `${hash}  ${relative(jars, path)}`;
	});
writeFileSync(
	join(import.meta.dirname, "../launch/servers/kafka-jars.sha256"),
	`${lines.join("\n")}\n`
);
rmSync(folder, { recursive: true });
console.log(`wrote ${lines.length} files`);
