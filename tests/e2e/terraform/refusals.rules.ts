import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, textOf, type HclBlock } from "../../../scripts/terraform/hcl-blocks.ts";
import { copyOfAll, terraform } from "./terraform-program.ts";
import { readReport } from "./test-report.ts";

/**
 * Each variable gets a value of its type in which everything is wrong, and has to be refused with the message of each of its
 * rules. A rule that refuses nothing is seen so.
 */

/** A type as Terraform writes it, without comments and line breaks. */
const compact = (type: string) => type.replaceAll(/\s*\n\s*/g, " ").trim();

/** `a, b(c, d), e` → `a`, `b(c, d)`, `e`. */
function partsOf(list: string): string[] {
	const parts = [""];
	let depth = 0;
	for (const sign of list) {
		if (/[([{]/.test(sign)) depth++;
		if (/[)\]}]/.test(sign)) depth--;
		if (sign === "," && depth === 0) parts.push("");
		else parts[parts.length - 1] += sign;
	}
	return parts.map(part => part.trim()).filter(Boolean);
}

/** Members of an object are apart by commas, or by lines, which `compact` made to spaces. */
const membersOf = (list: string) =>
	partsOf(list.replaceAll(/(?<=[\w)]) (?=\w+ += )/g, ", ")).map(
		member => /^(\w+) += (.*)$/.exec(member)!.slice(1) as [name: string, type: string]
	);

/** A value in which every text and number is wrong, as HCL. @throws Error for a type that it does not know */
export function wrongValue(type: string): string {
	const [, kind, inner = ""] = /^(\w+)(?:\((.*)\))?$/.exec(compact(type)) ?? [];
	switch (kind) {
		case "string":
			return '"?"';
		case "number":
			return "-1";
		case "bool":
			return "true";
		case "list":
		case "set":
			return `[${wrongValue(inner)}]`;
		case "map":
			return `{ "?" = ${wrongValue(inner)} }`;
		case "optional":
			return wrongValue(partsOf(inner)[0]!);
		case "object": {
			const members = membersOf(
				inner
					.trim()
					.replace(/^\{(.*)\}$/, "$1")
					.trim()
			);
			return `{ ${members.map(([name, of]) => `${name} = ${wrongValue(of)}`).join(", ")} }`;
		}
		default:
			throw new Error(`There is no wrong value of ${type}`);
	}
}

/** Folder and variable → a further value, for a rule that takes what is wrong in general. */
const further: Readonly<Record<string, string>> = {
	"aws/modules/lambda environment": '{ AWS_REGION = "?" }',
	"aws/modules/observability nat_gateway_ids": "{}",
	"gcp/modules/dataproc subnetwork": '""'
};

const rulesOf = ({ blocks }: HclBlock) =>
	blocks
		.filter(({ kind }) => kind === "validation")
		.map(({ values }) => textOf(values.error_message)!);

/**
 * `<variable>: <message>` of each rule that did not refuse its value.
 * @param folder within terraform/
 * @param change of the text of its variables
 */
export async function rulesThatRefuseNothing(
	folder: string,
	change = (text: string) => text
): Promise<string[]> {
	const copy = copyOfAll();
	const file = join(copy, folder, "variables.tf");
	writeFileSync(file, change(readFileSync(file, "utf8")));
	const variables = blocksOf(readFileSync(file, "utf8"), file).filter(
		one => one.kind === "variable" && rulesOf(one).length > 0
	);
	const tests = join(copy, folder, "tests");
	const [own] = readdirSync(tests).filter(name => name.endsWith(".tftest.hcl"));
	const [head] = readFileSync(join(tests, own!), "utf8").split(/^(?:# .*\n)*run "/m);
	mkdirSync(join(copy, folder, "refusals"));
	for (const { name, values } of variables)
		for (const [index, value] of [wrongValue(values.type!), further[`${folder} ${name}`] ?? []]
			.flat()
			.entries())
			// Apart, because a run that fails ends those after it.
			writeFileSync(
				join(copy, folder, "refusals", `${name}_${index}.tftest.hcl`),
				`${head}\nrun "${name}" {\n  command = plan\n\n  variables {\n    ${name} = ${value}\n  }\n}\n`
			);
	const { text } = await terraform(
		join(copy, folder),
		"terraform init -backend=false -input=false -test-directory=refusals >&2; terraform test -json -test-directory=refusals"
	);
	const { failed } = readReport(text);
	return variables.flatMap(one =>
		rulesOf(one)
			.filter(message => !failed.some(fault => fault.startsWith(`${one.name}: ${message}`)))
			.map(message => `${one.name}: ${message}`)
	);
}
