import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { idOf, ofKind, render } from "../kubernetes/cluster-objects.ts";

/** What DEPLOYMENT.md says of staging and dev on AWS, whose commands it writes for production only. */

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const guide = read("DEPLOYMENT.md");

/** From one phrase to another, in one line. */
function partOf(text: string, from: string, to: string): string {
	const line = text.replace(/\s*\n\s*/g, " ");
	const [start, end] = [line.indexOf(from), line.indexOf(to, line.indexOf(from))];
	if (start < 0 || end < 0) throw new Error(`the guide has no "${from} … ${to}"`);
	return line.slice(start, end + to.length);
}

const part = partOf(guide, "Another environment has", "its prefix to `moleculer-commerce/dev/`.");
const names = [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

/** Terraform's expression of a name, for an environment. */
function nameOf(expression: RegExp, environment: string): string {
	const [, text] = expression.exec(read("terraform/aws/main.tf")) ?? [];
	return text!.replace("${var.environment}", environment);
}
const clusterOf = (environment: string) => nameOf(/^ {2}name += "(.*)"$/m, environment);
const prefixOf = (environment: string) => nameOf(/secret_prefix = "(.*)"/, environment);

it("names of staging and dev are those that Terraform makes", () => {
	expect(names).toContain(clusterOf("staging"));
	expect(names).toContain(prefixOf("staging"));
	expect(names).toContain(clusterOf("dev"));
	expect(names).toContain(prefixOf("dev"));
	const main = read("terraform/aws/main.tf");
	for (const name of ["namespace", "repository"])
		expect(main).toMatch(
			new RegExp(`${name} += var.environment == "production" \\? "moleculer-commerce" : local.name`)
		);
});

it.each(["staging", "production"])("the overlay of %s has its names", environment => {
	const objects = render(`overlays/${environment}`);
	const stores = ofKind(objects, "SecretStore");
	const prefixes = stores.map(store => [idOf(store), store.spec.provider.aws.prefix]);
	expect(Object.fromEntries(prefixes)).toEqual({
		"SecretStore/secrets": prefixOf(environment),
		"SecretStore/kafka": `AmazonMSK_${clusterOf(environment)}-`
	});
	const namespace = environment === "production" ? "moleculer-commerce" : clusterOf(environment);
	const others = objects.filter(({ metadata }) => metadata.namespace !== namespace);
	expect(others.filter(({ kind }) => kind !== "Namespace").map(idOf)).toEqual([]);
});

it("files and folders that it names are there", () => {
	for (const folder of ["k8s/argocd/staging", "k8s/overlays/dev", "k8s/overlays/staging"]) {
		expect(names).toContain(folder);
		expect(existsSync(join(root, folder, "kustomization.yaml"))).toBe(true);
	}
	const state = /-backend-config=([^`\s]+)/.exec(part)![1]!;
	expect(state).toBe("environments/staging.s3.tfbackend");
	expect(existsSync(join(root, "terraform/aws", `${state}.example`))).toBe(true);
});

it("each name in it is one of these", () => {
	const known = [
		/^export TF_DATA_DIR=\.terraform-staging$/,
		/^terraform -chdir=terraform\/aws init /,
		/^(moleculer-commerce[-/](staging|dev)\/?|k8s\/\S+|mail_from|dev)$/
	];
	expect(names.filter(name => !known.some(one => one.test(name)))).toEqual([]);
});

it("each name of production in a command has one of staging here", () => {
	const commands = guide.slice(guide.indexOf("terraform -chdir=terraform/aws init"));
	const found = new Set([...commands.matchAll(/[\w./-]*[-/]production\b/g)].map(([name]) => name));
	const replaced = names.map(name => name.replace("staging", "production").replace(/\/$/, ""));
	// A project of Google Cloud, which has a name of its own and no staging.
	const known = [...replaced, "environments/production", "shop-analytics-production"];
	const hasOther = (name: string) =>
		known.some(one => name.includes(one) || one.endsWith(`=${name}`));
	expect([...found].filter(name => !hasOther(name))).toEqual([]);
	expect(found.size).toBeGreaterThan(5);
});
