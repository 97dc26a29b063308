import { join } from "node:path";
import { terraformFolders } from "../../scripts/terraform/module-pages.ts";
import { filesOf } from "./module-files.ts";
import { foldersOf, moduleFaults } from "./modules.rules.ts";

const files = filesOf("aws");

describe.each([
	["aws", 12],
	["gcp", 3]
])("modules of Terraform for %s", (root, modules) => {
	it("are complete, each with a page", () => {
		const folders = foldersOf(filesOf(root)).map(folder => join("terraform", root, folder));
		expect(folders.length).toBe(1 + modules);
		expect(terraformFolders).toEqual(expect.arrayContaining(folders));
	});

	it("break no rule", () => {
		expect(moduleFaults(filesOf(root), root)).toEqual([]);
	});
});

/** Fault, file, what is replaced and by what, and the report. */
const planted: [fault: string, file: string, from: string | RegExp, to: string, report: string][] =
	[
		[
			"a variable without a type",
			"modules/vpc/variables.tf",
			/^ {2}type {8}= string\n/m,
			"",
			"modules/vpc/variables.tf: variable name has no type"
		],
		[
			"a variable without a description",
			"variables.tf",
			/^ {2}description = "dev.*\n/m,
			"",
			"variables.tf: variable environment has no description"
		],
		[
			"a variable without a rule",
			"modules/ecr/variables.tf",
			/\n {2}validation \{[^]*?\n {2}\}\n/,
			"",
			"modules/ecr/variables.tf: variable repository has no validation"
		],
		[
			"a message that says nothing",
			"modules/msk/variables.tf",
			"broker_type must begin with kafka.",
			"Wrong broker_type.",
			"modules/msk/variables.tf: variable broker_type has a message that does not say what it must be"
		],
		[
			"an output without a description",
			"modules/rds/outputs.tf",
			/^ {2}description = "Host.*\n/m,
			"",
			"modules/rds/outputs.tf: output host has no description"
		],
		[
			"a variable in another file",
			"modules/s3/main.tf",
			/$/,
			'\nvariable "x" {\n  type        = bool\n  description = "X"\n}\n',
			"modules/s3/main.tf: variable x belongs in modules/s3/variables.tf"
		],
		[
			"a version that may be any",
			"modules/eks/versions.tf",
			"~> 6.66",
			">= 6.0",
			"modules/eks/versions.tf: >= 6.0 is no ~> version"
		],
		[
			"a provider without a version",
			"modules/dynamodb/main.tf",
			/$/,
			'\nresource "random_id" "x" {}\n',
			"modules/dynamodb/versions.tf: no version of random is required"
		],
		[
			"a provider in a module",
			"modules/alb/main.tf",
			/$/,
			'\nprovider "aws" {}\n',
			"modules/alb/main.tf: a module has a provider"
		],
		[
			"a module of others",
			"main.tf",
			"./modules/vpc",
			"terraform-aws-modules/vpc/aws",
			"main.tf: a module of others"
		],
		[
			"a document that a mock makes up",
			"modules/lambda/role.tf",
			/$/,
			'\ndata "aws_iam_policy_document" "x" {}\n',
			"modules/lambda/role.tf: policies are jsonencode, because a mocked document says nothing"
		],
		[
			"every action",
			"modules/eks/policies.tf",
			'["kms:Decrypt"]',
			'["*"]',
			'modules/eks/policies.tf: an action "*"'
		],
		[
			"a short password",
			"modules/secrets/main.tf",
			"length  = 40",
			"length  = 12",
			"modules/secrets/main.tf: a password of 12 signs"
		],
		[
			"a state that is not encrypted",
			"versions.tf",
			"encrypt      = true",
			"encrypt      = false",
			"versions.tf: the state is not encrypted"
		],
		[
			"a state that two may write at once",
			"versions.tf",
			"    use_lockfile = true\n",
			"",
			"versions.tf: two may write the state at once"
		],
		[
			"another account",
			"versions.tf",
			"  allowed_account_ids = [var.account_id]\n",
			"",
			"versions.tf: any account is taken"
		],
		[
			"costs that no budget sees",
			"versions.tf",
			"      Environment = var.environment\n",
			"",
			"versions.tf: the budget finds no costs without the tag Environment"
		],
		["a file of variables", "notes.tfvars", /^/, "a = 1", "notes.tfvars does not belong in git"]
	];

it.each(planted)("%s is reported", (_, file, from, to, report) => {
	const changed = { ...files, [file]: (files[file] ?? "").replace(from, to) };
	expect(changed[file]).not.toBe(files[file]);
	expect(moduleFaults(changed, "aws")).toContain(report);
});

it.each([
	"README.md",
	"modules/alb/tests/alb.tftest.hcl",
	"tests/aws.tftest.hcl",
	"modules/ecr/outputs.tf"
])("a folder without %s is reported", path => {
	expect(files).toHaveProperty([path]);
	const rest = Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
	expect(moduleFaults(rest, "aws")).toContain(`${path} is missing`);
});
