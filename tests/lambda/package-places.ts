import { join } from "node:path";
import { blocksOf } from "../../scripts/terraform/hcl-blocks.ts";
import { functionOf, parseTemplate } from "./template-file.ts";

/** Files that name the function's package: each is deployed from where it is named, and built by `npm run build:lambda`. */
export const files = {
	script: "scripts/build-lambda.ts",
	template: "lambda/template.yaml",
	variables: "terraform/aws/variables.tf",
	readme: "lambda/README.md",
	guide: "DEPLOYMENT.md"
};

type Texts = Readonly<Record<keyof typeof files, string>>;

const groupOf = (pattern: RegExp, text: string) => pattern.exec(text)?.[1] ?? "none";

/** Path within the repository, as each file says it. */
export function packagePlaces(texts: Texts): Record<keyof typeof files, string> {
	const { CodeUri } = functionOf(parseTemplate(texts.template));
	const variable = blocksOf(texts.variables, files.variables).find(
		({ name }) => name === "notification_function"
	)!;
	const path = groupOf(/\bpackage += .*\{ path = "(.*?)" \}/, variable.values.type!);
	const written = /writes\s+`(.*?\.zip)`/;
	return {
		script: groupOf(/^const defaultOutput = "(.*)";$/m, texts.script),
		template: join("lambda", CodeUri),
		variables: join("terraform/aws", path),
		readme: groupOf(written, texts.readme),
		guide: groupOf(written, texts.guide)
	};
}
