import type { Files } from "./modules.rules.ts";

/**
 * An ephemeral value is another one in each run of Terraform. Written by one resource it is one fact; written by two, they differ after the
 * first apply that writes only one of them: one with a greater version, a new one, or one that ended between the two.
 */

interface Block {
	path: string;
	/** `aws_secretsmanager_secret_version.kafka`; for what has no name, its kind. */
	name: string;
	kind: string;
	/** Expression of `for_each`, if it has one. */
	each: string | undefined;
	text: string;
}

const blockStart = /^(\w+)(?: "(\w+)")?(?: "(\w+)")? \{$/;

/** Blocks of a file in the form of `terraform fmt`, without comments. */
function blocksIn([path, content]: [string, string]): Block[] {
	const parts = content.replaceAll(/^\s*#.*\n/gm, "").split(/^(?=\w+(?: "\w+"){0,2} \{$)/m);
	return parts.flatMap(text => {
		const [, kind, ...names] = blockStart.exec(text.slice(0, text.indexOf("\n"))) ?? [];
		if (!kind) return [];
		const [, each] = /^ {2}(?:for_each|count) += (.*)$/m.exec(text) ?? [];
		return [{ path, kind, name: names.filter(Boolean).join(".") || kind, each, text }];
	});
}

/** Each place that names it, with its index. */
const usesIn = ({ text }: Block, name: string) =>
	[
		...text.matchAll(new RegExp(`\\bephemeral\\.${name.replace(".", "\\.")}\\b(\\[.*?\\])?`, "g"))
	].map(([, index]) => index);

function valueFaults(value: Block, blocks: readonly Block[]): string[] {
	const at = `${value.path}: ${value.name}`;
	const users = blocks.filter(block => usesIn(block, value.name).length > 0);
	const [user] = users;
	if (users.length !== 1)
		return [`${at} is used by ${users.map(({ name }) => name).join(" and ") || "nothing"}`];
	if (user!.kind !== "resource") return [`${at} is used by ${user!.name}, which is no resource`];
	if (user!.each !== value.each) return [`${at} has not the keys of ${user!.name}`];
	const wanted = value.each === undefined ? undefined : "[each.key]";
	return usesIn(user!, value.name).every(index => index === wanted)
		? []
		: [`${at} is that of another key in ${user!.name}`];
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);

/** Values of which there could be two. */
export function ephemeralFaults(files: Files): string[] {
	const blocks = Object.entries(files)
		.filter(([path]) => path.endsWith(".tf"))
		.flatMap(blocksIn);
	return blocks
		.filter(({ kind }) => kind === "ephemeral")
		.flatMap(value =>
			valueFaults(
				value,
				blocks.filter(one => one !== value && folderOf(one.path) === folderOf(value.path))
			)
		);
}
