/**
 * Words that Docker Compose (https://docs.docker.com/reference/cli/docker/compose/) and kubectl
 * (https://kubernetes.io/docs/reference/kubectl/) know, as far as the guides use them: subcommand → options.
 */
const compose: Record<string, readonly string[]> = {
	up: ["--detach", "--wait", "--build", "--no-build", "--no-deps", "--no-recreate", "--scale"],
	down: ["--volumes"],
	ps: [],
	logs: ["--follow", "--no-log-prefix", "--tail"]
};

const kubectl: Record<string, readonly string[]> = {
	apply: ["-k"],
	kustomize: [],
	wait: ["--for", "--timeout"],
	"rollout status": ["--timeout"],
	"rollout restart": [],
	delete: ["--ignore-not-found"],
	exec: ["-it"],
	logs: [],
	"port-forward": [],
	annotate: ["--all", "--overwrite"],
	"set image": []
};

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
	const pattern = /(?:^ *|`)((?:[A-Z_]+=\S+ )*(?:docker compose|kubectl) [^`\n]+)/gm;
	return [...joined.matchAll(pattern)].map(({ 1: command, index }) => ({
		text: command!.replaceAll("\u0000", "").split(" | ")[0]!.trim(),
		at: `${page}:${joined.slice(0, index).split(/[\n\u0000]/).length}`
	}));
}

/** What its program would not understand. */
export function unknownWords({ text }: GuideCommand): string[] {
	const isCompose = text.includes("docker compose ");
	const words = text.replace(/^.*?(docker compose|kubectl) /, "").split(/ +/);
	const wrong: string[] = [];
	const table = isCompose ? compose : kubectl;
	let hasNamespace = false;
	while (words[0]?.startsWith("-")) {
		const [option] = words.splice(0, 2);
		hasNamespace ||= option === "-n";
		if (option !== (isCompose ? "--profile" : "-n")) wrong.push(`option ${option}`);
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
	if (!isCompose && isComplete && !hasNamespace && !withoutNamespace.has(name))
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
