import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { plantIn } from "../../deployment/planted.ts";
import { templateText } from "../../lambda/template-file.ts";
import { describeWith } from "../../support/describe-with.ts";
import { installWithinMs, pythonVenv } from "../../support/python-venv.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const execute = promisify(execFile);

/** It has no form for `python3 -m`. */
const program = "import sys; from cfnlint.runner.cli import main; sys.exit(main())";

/** What cfn-lint says: of this version, because a newer one may know more faults. @throws Error when it cannot run */
async function lint(text: string): Promise<string> {
	const file = join(temporaryFolder(), "template.yaml");
	writeFileSync(file, text);
	const python = join(await pythonVenv("cfn-lint", "cfn-lint[sam]==1.51.0"), "bin/python3");
	try {
		await execute(python, ["-c", program, "-t", file, "--regions", "eu-central-1", "us-east-1"]);
		return "";
	} catch (error) {
		const { stdout, message } = error as { stdout?: string } & Error;
		if (!stdout) throw new Error(message, { cause: error });
		return stdout;
	}
}

describeWith("python")("the template for SAM", () => {
	it(
		"has no error and no warning of CloudFormation's linter",
		async () => {
			expect(await lint(templateText())).toBe("");
		},
		installWithinMs
	);

	it.each([
		["nodejs24.x", "nodejs14.x"],
		["RetentionInDays: 30", "RetentionInDays: 31"],
		["!GetAtt EventQueue.QueueName", "!GetAtt EventQueue.Name"],
		["MaximumRetryAttempts: -1", "MaximumRetryAttempts: -2"]
	])("with %s as %s has one", async (from, to) => {
		expect(await lint(plantIn(templateText(), from, to).text)).toMatch(/^[EW]\d{4} /m);
	});
});
