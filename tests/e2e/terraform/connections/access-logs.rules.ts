import { statementsOf } from "../policies.rules.ts";
import type { Rule, StateResource } from "../test-report.ts";

/** Where logs of access go: what is written elsewhere than the bucket's policy allows is lost, and AWS reports no error. */

/** A log of a bucket in that bucket would log itself. */
export const bucketLogs: Rule = of =>
	of("aws_s3_bucket_logging")
		.filter(
			({ values }) => values.target_bucket !== "bucket-logs" || values.bucket === "bucket-logs"
		)
		.map(({ address }) => `${address}: does not go to the bucket of logs`);

type Of = Parameters<Rule>[0];

/** Whether the policy of a bucket lets a service write objects whose names begin with this. */
function mayWrite(of: Of, bucket: unknown, service: string, begin: string): boolean {
	const named = of("aws_s3_bucket").find(({ values }) => values.id === bucket);
	const object = `arn:aws:s3:::${String(named?.values.bucket)}/${begin}`;
	return of("aws_s3_bucket_policy")
		.filter(({ values }) => values.bucket === bucket)
		.flatMap(({ values }) => statementsOf(String(values.policy)))
		.filter(({ Effect, Action }) => Effect === "Allow" && [Action].flat().includes("s3:PutObject"))
		.filter(({ Principal }) => typeof Principal === "object" && Principal.Service === service)
		.flatMap(({ Resource = [] }) => Resource)
		.some(allowed => allowed.endsWith("*") && object.startsWith(allowed.slice(0, -1)));
}

export const bucketPrefixes: Rule = of =>
	of("aws_s3_bucket_logging")
		.filter(({ values }) => {
			const begin = String(values.target_prefix);
			return !mayWrite(of, values.target_bucket, "logging.s3.amazonaws.com", begin);
		})
		.map(({ address, values }) => `${address}: may not write to ${String(values.target_prefix)}`);

const annotation = (annotations: Readonly<Record<string, string>>, name: string) =>
	annotations[`alb.ingress.kubernetes.io/${name}`]!;

/** The load balancer writes to <prefix>/AWSLogs/<account>/: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html */
export function entryLogFaults(
	annotations: Readonly<Record<string, string>>,
	resources: readonly StateResource[]
): string[] {
	const of: Of = type => resources.filter(one => one.type === type);
	const attributes = Object.fromEntries(
		annotation(annotations, "load-balancer-attributes")
			.split(",")
			.map(one => one.split("=") as [string, string])
	);
	const name = attributes["access_logs.s3.bucket"];
	const bucket = of("aws_s3_bucket").find(({ values }) => values.bucket === name);
	if (!bucket) return [`there is no bucket ${name}`];
	const account = annotation(annotations, "certificate-arn").split(":")[4];
	const begin = `${attributes["access_logs.s3.prefix"]}/AWSLogs/${account}/`;
	const service = "logdelivery.elasticloadbalancing.amazonaws.com";
	return mayWrite(of, bucket.values.id, service, begin)
		? []
		: [`${name}: may not write to ${begin}`];
}
