import { execFile, spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { flinkClassPath } from "../../support/flink/flink-jars.ts";
import { flinkFolder } from "../../support/flink/flink-job.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** Only where there is Maven: the other tests compile the same sources without it. */
const hasMaven = spawnSync("which", ["mvn"]).status === 0;

(hasMaven ? describe : describe.skip)("mvn package", () => {
	it("builds a jar whose program runs on Flink", async () => {
		const folder = temporaryFolder();
		for (const name of ["pom.xml", "src"])
			cpSync(join(flinkFolder, name), join(folder, name), { recursive: true });
		await promisify(execFile)("mvn", ["-q", "-B", "package"], { cwd: folder });
		const classPath = `${join(folder, "target/flink-job-cluster.jar")}:${await flinkClassPath()}`;
		const args = ["-cp", classPath, "shop.analytics.SqlRunner", "--sql", "job.sql"];
		const { status, stderr } = spawnSync("java", args, { encoding: "utf8" });
		expect(stderr).toContain("The option --brokers is required.");
		expect(status).toBe(78);
	}, 300_000);
});
