import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/**
 * `node scripts/update-jars.ts` writes the lists of the files of a Kafka broker and of Flink, with checksums, as
 * `sha256sum` does. It uses Maven, so that running them does not need it.
 */

const flink = "2.2.0";

/** Files of lists → artifacts whose files they have. */
const lists: Record<string, string[]> = {
	"launch/servers/kafka-jars.sha256": [
		"org.apache.kafka:kafka_2.13:4.3.1",
		"org.apache.kafka:kafka-tools:4.3.1",
		// Kafka's release has a logger; its artifacts name none.
		"org.apache.logging.log4j:log4j-slf4j-impl:2.25.2",
		"org.apache.logging.log4j:log4j-core:2.25.2",
		"org.apache.logging.log4j:log4j-api:2.25.2"
	],
	// What a Flink cluster has, and the connector; analytics/flink-job/pom.xml has the same versions.
	"tests/support/flink/flink-jars.sha256": [
		`org.apache.flink:flink-clients:${flink}`,
		`org.apache.flink:flink-table-api-java-bridge:${flink}`,
		`org.apache.flink:flink-table-planner-loader:${flink}`,
		`org.apache.flink:flink-table-runtime:${flink}`,
		`org.apache.flink:flink-connector-base:${flink}`,
		`org.apache.flink:flink-statebackend-rocksdb:${flink}`,
		"org.apache.flink:flink-connector-kafka:5.0.0-2.2",
		"org.slf4j:slf4j-simple:1.7.36"
	]
};

function dependency(coordinates: string): string {
	const [group, artifact, version] = coordinates.split(":");
	return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
}

/** One line for each file that these artifacts need at run time. */
function checksums(artifacts: readonly string[]): string[] {
	const folder = mkdtempSync(join(tmpdir(), "jars-"));
	writeFileSync(
		join(folder, "pom.xml"),
		`<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>shop</groupId><artifactId>jars</artifactId><version>1</version>
<dependencies>${artifacts.map(dependency).join("")}</dependencies></project>`
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
	rmSync(folder, { recursive: true });
	return lines;
}

for (const [file, artifacts] of Object.entries(lists)) {
	const lines = checksums(artifacts);
	writeFileSync(join(import.meta.dirname, "..", file), `${lines.join("\n")}\n`);
	console.log(`wrote ${lines.length} files to ${file}`);
}
