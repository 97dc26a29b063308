import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesOf } from "./module-files.ts";
import { chartFaults, floatingVersions, versionMismatches } from "./versions.rules.ts";

const aws = filesOf("aws");
const guide = readFileSync(join(import.meta.dirname, "../../DEPLOYMENT.md"), "utf8");

it.each(["aws", "gcp"])("every version of %s is written down", root => {
	expect(floatingVersions(filesOf(root))).toEqual([]);
});

it("every chart of the guide has a version that fits the modules", () => {
	expect(chartFaults(guide)).toEqual([]);
	expect(versionMismatches(aws, guide)).toEqual([]);
});

/** File, what is replaced and by what, and the report. */
const planted: readonly [file: string, from: string, to: string, report: string][] = [
	[
		"modules/eks/addons.tf",
		"  kubernetes_version = var.kubernetes_version\n",
		"  most_recent = true\n",
		"modules/eks/addons.tf: the most recent version"
	],
	[
		"modules/eks/addons.tf",
		"  addon_version               = local.addon_versions[each.key]\n",
		"",
		"modules/eks/addons.tf: aws_eks_addon before_machines has no addon_version"
	],
	[
		"modules/eks/main.tf",
		"  version                   = var.kubernetes_version\n",
		"",
		"modules/eks/main.tf: aws_eks_cluster this has no version"
	],
	[
		"modules/rds/main.tf",
		"  engine_version = var.major_version\n",
		"",
		"modules/rds/main.tf: aws_db_instance this has no engine_version"
	],
	[
		"modules/msk/variables.tf",
		'"4.1.x.kraft"\n',
		'"latest"\n',
		"modules/msk/variables.tf: a version that moves"
	],
	[
		"modules/eks/machines.tf",
		"aws_launch_template.machine.latest_version",
		'"$Latest"',
		"modules/eks/machines.tf: a version that moves"
	]
];

it.each(planted)("another %s is reported: %j", (file, from, to, report) => {
	expect(aws[file]).toContain(from);
	const changed = { ...aws, [file]: aws[file]!.replace(from, () => to) };
	expect(floatingVersions(changed)).toContain(report);
});

it.each([
	[
		" --version 5.3.0",
		"",
		"helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter: has no --version"
	],
	[
		" --version 0.20.4",
		" --version 0.20",
		"helm upgrade --install external-secrets external-secrets/external-secrets: has no --version"
	],
	["v1.35.0", "v1.33.0", "cluster-autoscaler 1.33 is not for Kubernetes 1.35"],
	[" --set image.tag=v1.35.0", "", "cluster-autoscaler undefined is not for Kubernetes 1.35"],
	[
		"--version 1.13.4",
		"--version 1.14.0",
		"rights are those of the controller 2.13, and its chart is 1.14"
	]
])("the guide with %j as %j is reported", (from, to, report) => {
	expect(guide).toContain(from);
	const changed = guide.replace(from, to);
	expect([...chartFaults(changed), ...versionMismatches(aws, changed)]).toEqual([report]);
});
