/**
 * Reads `variable` and `output` blocks of Terraform, in the form that `terraform fmt` gives them: a block begins and ends
 * at the beginning of a line, and its parts are indented by two spaces for each level. Anything else is refused.
 */

export interface HclBlock {
	kind: string;
	name: string;
	/** Argument → its expression, as it is written. */
	values: Readonly<Record<string, string>>;
	/** Nested blocks, such as `validation`. */
	blocks: readonly { kind: string; values: Readonly<Record<string, string>> }[];
}

const isOpen = (expression: string): boolean => {
	const code = expression.replaceAll(/"(?:\\.|[^"\\])*"/g, "");
	const count = (signs: RegExp) => code.match(signs)?.length ?? 0;
	return count(/[[({]/g) > count(/[\])}]/g);
};

/** Arguments and nested blocks at one level of indentation. */
function partsOf(
	lines: readonly string[],
	indent: string,
	at: string
): Omit<HclBlock, "kind" | "name"> {
	const values: Record<string, string> = {};
	const blocks: { kind: string; values: Readonly<Record<string, string>> }[] = [];
	for (let index = 0; index < lines.length; index++) {
		const line = lines[index]!;
		if (line === "" || line.trimStart().startsWith("#")) continue;
		const [, nested] = line.match(`^${indent}(\\w+) \\{$`) ?? [];
		const [, name, first] = line.match(`^${indent}(\\w+) += (.+)$`) ?? [];
		if (nested) {
			const end = lines.indexOf(`${indent}}`, index);
			if (end < 0) throw new Error(`${at}: the block ${nested} has no end`);
			blocks.push({
				kind: nested,
				values: partsOf(lines.slice(index + 1, end), `${indent}  `, at).values
			});
			index = end;
		} else if (name) {
			const expression = [first!];
			while (isOpen(expression.join("\n")) && index + 1 < lines.length)
				expression.push(lines[++index]!);
			values[name] = expression.join("\n");
		} else throw new Error(`${at}: cannot read ${line.trim()}`);
	}
	return { values, blocks };
}

/** @throws Error with the file and the block, for a form that it does not know */
export function blocksOf(text: string, file: string): HclBlock[] {
	const lines = text.split("\n");
	return lines.flatMap((line, index) => {
		const [, kind, name] = /^(variable|output) "(\w+)" \{$/.exec(line) ?? [];
		if (!kind) {
			if (/^(variable|output)\b/.test(line)) throw new Error(`${file}: cannot read ${line}`);
			return [];
		}
		const end = lines.indexOf("}", index);
		if (end < 0) throw new Error(`${file}: ${kind} ${name} has no end`);
		return [
			{
				kind,
				name: name!,
				...partsOf(lines.slice(index + 1, end), "  ", `${file}: ${kind} ${name}`)
			}
		];
	});
}

/** The text of a quoted expression; undefined for any other. */
export const textOf = (expression: string | undefined): string | undefined =>
	/^"((?:\\.|[^"\\])*)"$/.exec(expression ?? "")?.[1]?.replaceAll('\\"', '"');
