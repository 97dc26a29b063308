import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../cli/test/requirements.ts";
import { mavenClassPath } from "../../../launch/servers/maven-jars.ts";

/** Written by scripts/update-jars.ts. */
const list = readFileSync(join(import.meta.dirname, "flink-jars.sha256"), "utf8");

export const flinkVersion = /flink-core-(\d.+)\.jar$/m.exec(list)![1]!;

/** Java's class path of Flink with its Kafka connector, from Maven Central on first use. */
export const flinkClassPath = (): Promise<string> =>
	mavenClassPath({
		list,
		cache: join(cacheFolder, "flink", flinkVersion),
		remedy: "try again",
		onDownload: () =>
			console.error(`tests: getting Flink ${flinkVersion} from Maven Central (once, 201 MB)`)
	});
