/**
 * Words that programs know, as far as the guides use them: subcommand → options. Docker Compose
 * (https://docs.docker.com/reference/cli/docker/compose/), kubectl (https://kubernetes.io/docs/reference/kubectl/), Terraform
 * (https://developer.hashicorp.com/terraform/cli/commands), AWS CLI (https://docs.aws.amazon.com/cli/latest/reference/), Helm
 * (https://helm.sh/docs/helm/).
 */
const compose: Record<string, readonly string[]> = {
	up: ["--detach", "--wait", "--build", "--no-build", "--no-deps", "--no-recreate", "--scale"],
	down: ["--volumes"],
	ps: [],
	logs: ["--follow", "--no-log-prefix", "--tail"],
	run: ["--rm", "--no-deps"]
};

const kubectl: Record<string, readonly string[]> = {
	apply: ["-k"],
	kustomize: [],
	"create job": ["--from"],
	wait: ["--for", "--timeout"],
	"rollout status": ["--timeout"],
	"rollout restart": [],
	delete: ["--ignore-not-found"],
	get: [],
	exec: ["-it"],
	logs: [],
	"port-forward": [],
	annotate: ["--all", "--overwrite"],
	"set image": []
};

const terraform: Record<string, readonly string[]> = {
	init: ["-backend-config", "-reconfigure"],
	plan: ["-var-file", "-out"],
	apply: ["-var-file"],
	output: ["-raw"],
	"providers lock": ["-platform"],
	destroy: ["-var-file"]
};

const aws: Record<string, readonly string[]> = {
	"iam create-role": ["--role-name", "--assume-role-policy-document"],
	"s3api create-bucket": ["--bucket", "--region", "--create-bucket-configuration"],
	"s3api put-bucket-versioning": ["--bucket", "--versioning-configuration"],
	"s3api put-public-access-block": ["--bucket", "--public-access-block-configuration"],
	"sesv2 create-email-identity": ["--email-identity", "--query"],
	"sesv2 get-email-identity": ["--email-identity", "--query"],
	"sesv2 put-account-details": ["--production-access-enabled", "--mail-type", "--website-url"],
	"logs delete-log-group": ["--log-group-name"],
	"logs describe-log-groups": ["--log-group-name-prefix"],
	"secretsmanager put-secret-value": ["--secret-id", "--secret-string"],
	"secretsmanager get-secret-value": ["--secret-id", "--query", "--output"],
	"ecr get-login-password": ["--region"],
	"eks update-kubeconfig": ["--name", "--region", "--role-arn"],
	"elbv2 describe-load-balancers": [],
	"kms cancel-key-deletion": ["--key-id"],
	"rds copy-db-snapshot": [
		"--kms-key-id",
		"--source-db-snapshot-identifier",
		"--target-db-snapshot-identifier"
	],
	"service-quotas get-service-quota": ["--service-code", "--quota-code", "--query"],
	"service-quotas request-service-quota-increase": [
		"--service-code",
		"--quota-code",
		"--desired-value"
	]
};

const helm: Record<string, readonly string[]> = {
	"repo add": [],
	upgrade: [
		"--install",
		"--version",
		"--namespace",
		"--create-namespace",
		"--set",
		"--values",
		"--wait",
		"--timeout"
	]
};

/** Each with its option that goes before the subcommand. */
const programs = {
	"docker compose": { table: compose, before: "--profile" },
	kubectl: { table: kubectl, before: "-n" },
	terraform: { table: terraform, before: "-chdir" },
	aws: { table: aws, before: "" },
	helm: { table: helm, before: "" }
} as const;

const anyProgram = Object.keys(programs).join("|");

/** Of `kubectl`: they are of no namespace, or state it in what they apply. */
const withoutNamespace = new Set(["apply", "kustomize", "set image"]);

/** A command of a guide, whether it stands in a block or in a sentence. */
export interface GuideCommand {
	text: string;
	/** As `DEPLOYMENT.md:12`. */
	at: string;
}

/** Commands of these programs in a page, with variables before them. Mentions of less than a subcommand are none. */
export function commandsIn(page: string, text: string): GuideCommand[] {
	const joined = text.replaceAll(
		/ \\\n */g,
		match => ` ${"\u0000".repeat(match.split("\n").length - 1)}`
	);
	const pattern = new RegExp(`(?:^ *|\`)((?:[A-Z_]+=\\S+ )*(?:${anyProgram}) [^\`\\n]+)`, "gm");
	return [...joined.matchAll(pattern)].map(({ 1: command, index }) => ({
		text: command!.replaceAll("\u0000", "").split(" | ")[0]!.trim(),
		at: `${page}:${joined.slice(0, index).split(/[\n\u0000]/).length}`
	}));
}

/** What its program would not understand. */
export function unknownWords({ text }: GuideCommand): string[] {
	const [, program, rest] = new RegExp(`^.*?(${anyProgram}) (.*)$`).exec(text)!;
	// What another command prints is one word.
	const words = rest!.replaceAll(/\$\([^)]*\)/g, "x").split(/ +/);
	const wrong: string[] = [];
	const { table, before } = programs[program as keyof typeof programs] as {
		table: Record<string, readonly string[]>;
		before: string;
	};
	let hasNamespace = false;
	while (words[0]?.startsWith("-")) {
		const [option] = words[0].includes("=") ? words.splice(0, 1) : words.splice(0, 2);
		hasNamespace ||= option === "-n";
		if (option!.split("=")[0] !== before) wrong.push(`option ${option}`);
	}
	const [first = "", second = ""] = words;
	const name = Object.hasOwn(table, first) ? first : `${first} ${second}`.trim();
	const options = Object.hasOwn(table, name) ? table[name] : undefined;
	if (!options) return [...wrong, `subcommand ${name}`];
	// What follows -- is a command of its own.
	const end = words.indexOf("--");
	for (const word of words.slice(1, end < 0 ? undefined : end))
		if (word.startsWith("-") && !options.includes(word.split("=")[0]!))
			wrong.push(`option ${word.split("=")[0]}`);
	const isComplete = words.length > name.split(" ").length;
	if (program === "kubectl" && isComplete && !hasNamespace && !withoutNamespace.has(name))
		wrong.push("no namespace (-n)");
	return wrong;
}

/** Words of `npm run <script> -- <words>` that the sources of the script do not have. @param source of a script, if there is one */
export function unknownScriptWords(
	command: string,
	source: (script: string) => string | undefined
): string[] {
	const [, script = "", rest = ""] =
		/npm run (?:--silent )?([\w:]+)(?: -- (.*))?$/.exec(command) ?? [];
	const text = source(script);
	if (text === undefined) return [`script ${script}`];
	const words = rest.split(/ +/).filter(Boolean);
	const isKnown = (word: string) => new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(text);
	return words.filter((word, index) => {
		if (word.startsWith("--")) return !isKnown(word) && !isKnown(word.slice(2));
		const isValue = words[index - 1]?.startsWith("--");
		return !isValue && /^[a-z][a-z-]*$/.test(word) && !isKnown(word);
	});
}
