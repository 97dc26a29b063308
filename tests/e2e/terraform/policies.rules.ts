import type { StateResource } from "./test-report.ts";

/** Rights on AWS: policies as Terraform renders them, and the calls of the code. */

export interface Statement {
	Sid?: string;
	Effect: "Allow" | "Deny";
	Action: string | string[];
	Resource?: string | string[];
	NotResource?: string | string[];
	Principal?: "*" | Record<string, string | string[]>;
	Condition?: Record<string, Record<string, string>>;
}

/** Actions that AWS gives no form for single resources, and why they are needed. */
const withoutResources: readonly [action: RegExp, why: string][] = [
	[
		/^ec2:(Describe\w+|GetSecurityGroupsForVpc|GetInstanceTypesFromInstanceRequirements)$/,
		"lists of EC2 are of a whole region"
	],
	[/^elasticloadbalancing:Describe\w+$/, "lists of load balancers are of a whole region"],
	[/^autoscaling:Describe\w+$/, "lists of groups are of a whole region"],
	[/^acm:ListCertificates$/, "the list of certificates is of a whole region"],
	[/^xray:Put(TraceSegments|TelemetryRecords)$/, "traces belong to no resource"]
];

const asList = (value: string | string[] | undefined) => [value ?? []].flat();

export const statementsOf = (policy: string): Statement[] =>
	(JSON.parse(policy) as { Statement: Statement[] }).Statement;

const isEverything = (resource: string) => resource === "*";

function roleFaults(at: string, statement: Statement): string[] {
	const actions = asList(statement.Action);
	const wide = actions.filter(action => action.includes("*"));
	const everywhere = asList(statement.Resource).some(isEverything)
		? actions.filter(action => !withoutResources.some(([known]) => known.test(action)))
		: [];
	return [
		...wide.map(action => `${at}: ${statement.Sid}: the action ${action}`),
		...everywhere.map(action => `${at}: ${statement.Sid}: ${action} of every resource`)
	];
}

/** "*" of a resource's own policy is that resource, so only who is let in counts. */
function resourceFaults(at: string, { Sid, Effect, Action, Principal }: Statement): string[] {
	if (Effect === "Deny") return [];
	const isAccount =
		Principal !== "*" && asList(Principal?.AWS).every(arn => /:iam::\d{12}:root$/.test(arn));
	return [
		...(Principal === "*" ? [`${at}: ${Sid}: lets in everybody`] : []),
		...asList(Action)
			.filter(action => action.includes("*") && !(action === "kms:*" && isAccount))
			.map(action => `${at}: ${Sid}: the action ${action}`)
	];
}

/** Resources with a policy, which is an argument of theirs. */
const withPolicy =
	/^aws_(s3_bucket_policy|kms_key|sns_topic_policy|sqs_queue_policy|secretsmanager_secret_policy)$/;

const textOf = (resource: StateResource) => String(resource.values.policy);

/** Policies of roles, by the end of their address. */
export const rolePolicies = (
	resources: readonly StateResource[]
): [address: string, policy: string][] =>
	resources
		.filter(({ type }) => type === "aws_iam_role_policy")
		.map(resource => [resource.address, textOf(resource)]);

export const policyFaults = (resources: readonly StateResource[]): string[] => [
	...rolePolicies(resources).flatMap(([at, policy]) =>
		statementsOf(policy).flatMap(statement => roleFaults(at, statement))
	),
	...resources
		.filter(({ type }) => withPolicy.test(type))
		.flatMap(one =>
			statementsOf(textOf(one)).flatMap(statement => resourceFaults(one.address, statement))
		)
];

/** What AWS asks of a caller besides the call itself. */
export const impliedActions: Readonly<Record<string, string>> = {
	"kms:Decrypt": "DynamoDB decrypts a table with a key of ours in the name of who reads it"
};

/** Actions that a policy allows, without the implied ones. */
export const allowedActions = (policy: string): string[] =>
	[
		...new Set(
			statementsOf(policy).flatMap(({ Effect, Action }) =>
				Effect === "Allow" ? asList(Action) : []
			)
		)
	]
		.filter(action => !Object.hasOwn(impliedActions, action))
		.sort();
