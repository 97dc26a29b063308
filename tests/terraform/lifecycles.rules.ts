import type { Files } from "./modules.rules.ts";

/** What a state does not show: the order of resources, and what an apply leaves as it is. */

const resource = /^(resource|module|data) ("[^{]+") \{\n(.*?)^\}/gms;

/** `aws_db_instance.this` of `"aws_db_instance" "this"`. */
const nameOf = (words: string) => words.replaceAll('"', "").replaceAll(" ", ".");

const flat = (text: string) => text.trim().replaceAll(/\s+/g, " ");

/** `<file> <resource>` → its depends_on, and the arguments of its lifecycle. */
export function lifecyclesIn(files: Files): Record<string, readonly string[]> {
	const found = Object.entries(files)
		.filter(([path]) => path.endsWith(".tf"))
		.flatMap(([path, text]) =>
			[...text.matchAll(resource)].map(([, kind, words, body]) => {
				const [, order] = /^ {2}depends_on = \[(.*?)\]/ms.exec(body!) ?? [];
				const [, lines = ""] = /^ {2}lifecycle \{\n(.*?)^ {2}\}/ms.exec(body!) ?? [];
				const rules = lines.split("\n").filter(line => /^ {4}\w+ +=/.test(line));
				return [
					`${path} ${kind === "resource" ? "" : `${kind}.`}${nameOf(words!)}`,
					[...(order === undefined ? [] : [`after ${flat(order)}`]), ...rules.map(flat)]
				] as const;
			})
		);
	return Object.fromEntries(found.filter(([, rules]) => rules.length > 0));
}
