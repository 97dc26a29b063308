import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { blocksOf, textOf } from "../../scripts/terraform/hcl-blocks.ts";

/** Examples of the variables and of the place of the state, which an operator copies. */

const top = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(top, path), "utf8");

/** Cloud → what keeps its states. */
const backendOf: Readonly<Record<string, string>> = { aws: "s3", gcp: "gcs" };

/** The environments that the variable takes. */
function environmentsOf(root: string): string[] {
	const variable = blocksOf(read(`terraform/${root}/variables.tf`), root).find(
		({ name }) => name === "environment"
	)!;
	const [rule] = variable.blocks;
	return [...rule!.values.condition!.matchAll(/"(\w+)"/g)].map(([, name]) => name!).sort();
}

const examples = ["aws", "gcp"].flatMap(root =>
	environmentsOf(root).map(environment => [root, environment] as const)
);

it.each(["aws", "gcp"])("%s has the files of each environment", root => {
	const files = globSync(`terraform/${root}/environments/*`, { cwd: top }).map(file =>
		basename(file)
	);
	expect(files.sort()).toEqual(
		environmentsOf(root)
			.flatMap(one => [`${one}.${backendOf[root]}.tfbackend.example`, `${one}.tfvars.example`])
			.sort()
	);
});

describe.each(examples)("the variables of %s/environments/%s", (root, environment) => {
	const text = read(`terraform/${root}/environments/${environment}.tfvars.example`);
	const given = Object.fromEntries(
		[...text.matchAll(/^(\w+) += (.*)$/gm)].map(([, name, value]) => [name!, value!])
	);
	const variables = blocksOf(read(`terraform/${root}/variables.tf`), root).filter(
		({ kind }) => kind === "variable"
	);

	it("are those of the root, with each that has no default", () => {
		const names = variables.map(({ name }) => name);
		expect(Object.keys(given).filter(name => !names.includes(name))).toEqual([]);
		const needed = variables.filter(({ values }) => values.default === undefined);
		expect(needed.filter(({ name }) => given[name] === undefined).map(({ name }) => name)).toEqual(
			[]
		);
	});

	it("are of this environment, and copied to a file of its name", () => {
		expect(textOf(given.environment)).toBe(environment);
		expect(text).toMatch(new RegExp(`^# Copy to ${environment}.tfvars,`));
		const backend = `${environment}.${backendOf[root]}.tfbackend`;
		const state = read(`terraform/${root}/environments/${backend}.example`);
		expect(state).toContain(`# Copy to ${backend},`);
		// On AWS one bucket has all states.
		expect(state).toContain(root === "aws" ? `"${environment}.tfstate"` : `-${environment}-`);
	});

	it("have the host of the overlay", () => {
		if (given.host === undefined || environment === "dev") return;
		const overlay = read(`k8s/overlays/${environment}/kustomization.yaml`);
		expect(overlay).toContain(`value: ${textOf(given.host)}\n`);
	});
});
