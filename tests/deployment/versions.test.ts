import { readFileSync } from "node:fs";
import { join } from "node:path";
import { natsVersion } from "../../launch/servers/nats-binary.ts";
import { readCompose } from "./compose-file.ts";

const read = (file: string) => readFileSync(join(import.meta.dirname, "../..", file), "utf8");

/** k8s/ has the images of docker-compose.yml, which tests/kubernetes/manifests.test.ts compares. */
it("the bus in containers has the version that the tests run", () => {
	expect(readCompose().services.nats!.image).toBe(`nats:${natsVersion}-alpine`);
});

describe("the Flink job", () => {
	const project = read("analytics/flink-job/pom.xml");
	const jars = read("tests/support/flink/flink-jars.sha256");

	/** Folders of a Maven repository, as `org/apache/flink/flink-streaming-java/2.2.0/`. */
	function dependenciesOf(pom: string): string[] {
		const property = (_: string, name: string) =>
			new RegExp(`<${name}>(.*)</${name}>`).exec(pom)?.[1] ?? name;
		const found = pom.matchAll(
			/<dependency>\s*<groupId>(.*)<\/groupId>\s*<artifactId>(.*)<\/artifactId>\s*<version>(.*)<\/version>/g
		);
		return Array.from(found, ([, group = "", artifact = "", version = ""]) =>
			[group.replaceAll(".", "/"), artifact, version.replace(/\$\{(.*)\}/, property), ""].join("/")
		);
	}
	const missing = (pom: string) => dependenciesOf(pom).filter(folder => !jars.includes(folder));

	it("is built with the versions that the tests run", () => {
		expect(dependenciesOf(project).length).toBe(5);
		expect(missing(project)).toEqual([]);
	});

	it.each([
		["flink.version", "2.2.1", "org/apache/flink/flink-connector-base/2.2.1/"],
		["flink.kafka.version", "4.0.1-2.0", "org/apache/flink/flink-connector-kafka/4.0.1-2.0/"]
	])("would be refused with another %s", (name, version, folder) => {
		const planted = project.replace(new RegExp(`(?<=<${name}>).*(?=<)`), version);
		expect(missing(planted)).toContain(folder);
	});
});
