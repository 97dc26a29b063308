import { posix } from "node:path";
import type { Sources } from "../architecture.rules.ts";

/** Services of AWS by the package of their client, as rights name them. */
const prefixes: Readonly<Record<string, string>> = {
	"@aws-sdk/client-dynamodb": "dynamodb",
	"@aws-sdk/client-secrets-manager": "secretsmanager",
	"@aws-sdk/client-ses": "ses",
	"@aws-sdk/client-sns": "sns",
	"@aws-sdk/client-sqs": "sqs"
};

const relativeImport = /(?:\bfrom|\bimport\()\s*"(\.[^"]+\.ts)"/g;
const packageImport = /import\s*\{([^}]*)\}\s*from\s*"(@aws-sdk\/client-[^"]+)"/g;

/** The files that an entry imports, and those that they import. */
function reachable(sources: Sources, entry: string): string[] {
	const found = new Set<string>();
	const visit = (path: string) => {
		if (found.has(path) || sources[path] === undefined) return;
		found.add(path);
		for (const [, target] of sources[path].matchAll(relativeImport))
			visit(posix.join(posix.dirname(path), target!));
	};
	visit(entry);
	return [...found];
}

function actionsIn(source: string): string[] {
	return [...source.matchAll(packageImport)].flatMap(([, names, name]) => {
		const prefix = prefixes[name!];
		if (!prefix) throw new Error(`${name} is a client of AWS that this table does not have`);
		const commands = names!.split(",").map(each => each.trim());
		return commands
			.filter(each => /^\w+Command$/.test(each) && source.includes(`new ${each}(`))
			.map(each => `${prefix}:${each.replace(/Command$/, "")}`);
	});
}

/** The actions of AWS that a program calls, as its rights have to name them: sorted, each once. */
export function awsActions(sources: Sources, entry: string): string[] {
	const actions = reachable(sources, entry).flatMap(path => actionsIn(sources[path]!));
	return [...new Set(actions)].toSorted();
}
