import { blocksOf, textOf, type HclBlock } from "../../scripts/terraform/hcl-blocks.ts";

/** Rules of the text of modules, which need no Terraform. */

/** Path within a root of Terraform, such as terraform/aws → text. */
export type Files = Readonly<Record<string, string>>;

const mostLines = 200;

const folderOf = (path: string) => /^(modules\/[^/]+|)(?=\/|$|[^/]*$)/.exec(path)?.[0] ?? "";

/** Folders with a configuration: the root, which is "", and modules. */
export const foldersOf = (files: Files): string[] => [
	...new Set(
		Object.keys(files)
			.filter(path => path.endsWith(".tf"))
			.map(folderOf)
	)
];

const within = (folder: string, file: string) => (folder ? `${folder}/${file}` : file);

function missingFiles(files: Files, root: string): string[] {
	return foldersOf(files).flatMap(folder =>
		["main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"]
			.concat(`tests/${(folder || root).split("/").at(-1)}.tftest.hcl`)
			.map(file => within(folder, file))
			.filter(path => files[path] === undefined)
			.map(path => `${path} is missing`)
	);
}

function blockFaults(path: string, { kind, name, values, blocks }: HclBlock): string[] {
	const at = `${path}: ${kind} ${name}`;
	const faults = textOf(values.description) ? [] : [`${at} has no description`];
	if (kind === "output") return faults;
	if (!values.type) faults.push(`${at} has no type`);
	const rules = blocks.filter(one => one.kind === "validation");
	if (rules.length === 0 && values.type !== "bool" && !values.type?.includes("optional(bool"))
		faults.push(`${at} has no validation`);
	for (const rule of rules)
		if (!/^[a-z_]\S* must .*[.…]$/.test(textOf(rule.values.error_message) ?? ""))
			faults.push(`${at} has a message that does not say what it must be`);
	return faults;
}

function variableFaults(files: Files): string[] {
	return Object.entries(files)
		.filter(([path]) => path.endsWith(".tf"))
		.flatMap(([path, text]) => {
			const blocks = blocksOf(text, path);
			const place = (kind: string) => within(folderOf(path), `${kind}s.tf`);
			return blocks.flatMap(block => [
				...blockFaults(path, block),
				...(path === place(block.kind)
					? []
					: [`${path}: ${block.kind} ${block.name} belongs in ${place(block.kind)}`])
			]);
		});
}

function versionFaults(files: Files): string[] {
	return foldersOf(files).flatMap(folder => {
		const path = within(folder, "versions.tf");
		const text = files[path] ?? "";
		const pins = [...text.matchAll(/^ +(?:required_)?version += "(.*)"$/gm)].map(([, pin]) => pin!);
		const used = new Set(
			Object.keys(files)
				.filter(file => file.endsWith(".tf") && folderOf(file) === folder)
				.flatMap(file =>
					[...files[file]!.matchAll(/^(?:resource|data|ephemeral) "([a-z]+)_/gm)].map(
						([, one]) => one!
					)
				)
		);
		return [
			...pins
				.filter(pin => !/^~> \d+\.\d+$/.test(pin))
				.map(pin => `${path}: ${pin} is no ~> version`),
			...(/^ +required_version/m.test(text)
				? []
				: [`${path}: no version of Terraform is required`]),
			...[...used]
				// terraform_data is Terraform's own.
				.filter(one => one !== "terraform")
				.filter(one => !text.includes(`source  = "hashicorp/${one}"`))
				.map(one => `${path}: no version of ${one} is required`)
		];
	});
}

/** A password is in no state, so its length is read. */
const passwordFaults = (path: string, text: string): string[] =>
	[...text.matchAll(/^ephemeral "random_password" "\w+" \{\n(?:[^}]*\n)?\s+length += (\d+)/gm)]
		.filter(([, length]) => Number(length) < 32)
		.map(([, length]) => `${path}: a password of ${length} signs`);

/** What the root of AWS says of its state and its provider, which no rendered state has: a line, and what is missing without it. */
const rootLines: readonly [line: RegExp, what: string][] = [
	[/^ {4}encrypt += true$/m, "the state is not encrypted"],
	[/^ {4}use_lockfile += true$/m, "two may write the state at once"],
	[/^ {2}allowed_account_ids += \[var\.account_id\]$/m, "any account is taken"],
	[
		/^ {6}Environment += var\.environment$/m,
		"the budget finds no costs without the tag Environment"
	]
];

const rootFaults = (path: string, text: string): string[] =>
	path === "versions.tf" && text.includes('backend "s3"')
		? rootLines.filter(([line]) => !line.test(text)).map(([, what]) => `${path}: ${what}`)
		: [];

function textFaults(path: string, text: string): string[] {
	const faults: string[] = [];
	const isModule = path.startsWith("modules/");
	if (isModule && /^provider "/m.test(text)) faults.push(`${path}: a module has a provider`);
	if (/^\s*source\s+=\s+"(?!\.{1,2}\/|hashicorp\/)/m.test(text))
		faults.push(`${path}: a module of others`);
	if (/\bsensitive_value|aws_iam_policy_document/.test(text))
		faults.push(`${path}: policies are jsonencode, because a mocked document says nothing`);
	if (/^\s*"?Action"?\s*=\s*\[?"\*"/m.test(text)) faults.push(`${path}: an action "*"`);
	if (
		path.endsWith(".tf") &&
		!text.startsWith("# ") &&
		!/(variables|versions|outputs)\.tf$/.test(path)
	)
		faults.push(`${path}: begins with no comment that says what it is`);
	if (path.endsWith("main.tf") && text.split("\n").length > mostLines)
		faults.push(`${path}: more than ${mostLines} lines`);
	return faults;
}

/** @param root name of the root, which is that of its tests */
export const moduleFaults = (files: Files, root: string): string[] => [
	...missingFiles(files, root),
	...variableFaults(files),
	...versionFaults(files),
	...Object.entries(files).flatMap(([path, text]) => [
		...textFaults(path, text),
		...passwordFaults(path, text),
		...rootFaults(path, text)
	]),
	...Object.keys(files)
		.filter(path => /\.terraform\.lock\.hcl$|\.tfstate|\.tfvars$/.test(path))
		.map(path => `${path} does not belong in git`)
];
