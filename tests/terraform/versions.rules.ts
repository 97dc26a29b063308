import type { Files } from "./modules.rules.ts";

/** Versions are written down: what is installed today is installed again tomorrow. */

/** Type → the argument with its version. Without it AWS or Google Cloud takes the newest one of that day. */
const versionOf: Readonly<Record<string, string>> = {
	aws_db_instance: "engine_version",
	aws_db_parameter_group: "family",
	aws_eks_addon: "addon_version",
	aws_eks_cluster: "version",
	aws_lambda_function: "runtime",
	aws_msk_cluster: "kafka_version",
	aws_msk_configuration: "kafka_versions",
	google_dataproc_cluster: "image_version",
	google_dataproc_workflow_template: "image_version"
};

const floating: readonly [pattern: RegExp, what: string][] = [
	[/\bmost_recent\s*=\s*true\b/i, "the most recent version"],
	[/"(latest|\$Latest|\$Default|stable|newest)"/i, "a version that moves"],
	[/:latest\b/, "an image without a version"]
];

const block = /^resource "(\w+)" "(\w+)" \{\n(.*?)^\}$/gms;

const withoutComments = (text: string) => text.replaceAll(/^\s*#.*$/gm, "");

function resourceFaults(path: string, text: string): string[] {
	return [...text.matchAll(block)].flatMap(([, type, name, body]) => {
		const argument = versionOf[type!];
		return argument && !new RegExp(`^ +${argument} += `, "m").test(body!)
			? [`${path}: ${type} ${name} has no ${argument}`]
			: [];
	});
}

export const floatingVersions = (files: Files): string[] =>
	Object.entries(files)
		.filter(([path]) => path.endsWith(".tf"))
		.flatMap(([path, text]) => [
			...resourceFaults(path, text),
			...floating.flatMap(([pattern, what]) =>
				pattern.test(withoutComments(text)) ? [`${path}: ${what}`] : []
			)
		]);

/** Commands of a guide that install a chart, over several lines if they end with a backslash. */
const installs = (guide: string) =>
	[...guide.matchAll(/helm (?:upgrade|install) (?:[^\n\\]|\\\n)*/g)].map(([command]) => command);

export const chartFaults = (guide: string): string[] => {
	const found = installs(guide);
	return [
		...(found.length > 0 ? [] : ["no chart is installed"]),
		...found
			.filter(command => !/ --version \d+\.\d+\.\d+( |$)/.test(command))
			.map(command => `${command.split(/\s+/).slice(0, 5).join(" ")}: has no --version`)
	];
};

/** What in the guide has to fit a version in the modules: the policy of a controller, and the autoscaler of a Kubernetes. */
export function versionMismatches(files: Files, guide: string): string[] {
	const read = (path: string, pattern: RegExp) => pattern.exec(files[path] ?? "")?.[1];
	const kubernetes = read(
		"modules/eks/variables.tf",
		/variable "kubernetes_version" \{.*?default += "([\d.]+)"/s
	);
	const policy = read("modules/eks/load-balancer-policy.tf", /\(version 2\.(\d+)\)/);
	const command = (chart: string) => installs(guide).find(one => one.includes(`/${chart} `)) ?? "";
	const autoscaler = / image\.tag=v(\d+\.\d+)\.\d+/.exec(command("cluster-autoscaler"))?.[1];
	// Chart 1.13 has version 2.13 of the controller.
	const controller = / --version 1\.(\d+)\./.exec(command("aws-load-balancer-controller"))?.[1];
	return [
		...(kubernetes && autoscaler === kubernetes
			? []
			: [`cluster-autoscaler ${autoscaler} is not for Kubernetes ${kubernetes}`]),
		...(policy && controller === policy
			? []
			: [`rights are those of the controller 2.${policy}, and its chart is 1.${controller}`])
	];
}
