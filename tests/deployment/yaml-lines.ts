import {
	isAlias,
	isMap,
	isPair,
	isScalar,
	isSeq,
	LineCounter,
	parseDocument,
	type Node
} from "yaml";

export type Path = readonly (string | number)[];

/** A parsed file that knows the line of each of its values. */
export interface Lined<T> {
	value: T;
	/** Of the value, or of what is nearest around it: a value may come by an anchor. */
	lineOf(path: Path): number;
}

/** Parses YAML with merge keys. @throws YAMLParseError with line and column */
export function parseLined<T>(text: string): Lined<T> {
	const lines = new LineCounter();
	const document = parseDocument(text, { merge: true, lineCounter: lines });
	if (document.errors[0]) throw document.errors[0];

	/** The key or the item of `step`, and the value below it. */
	function find(node: unknown, step: string | number): { at: Node; below: unknown } | undefined {
		const target = isAlias(node) ? node.resolve(document) : node;
		if (isSeq(target)) {
			const item = target.items[step as number] as Node | undefined;
			return item && { at: item, below: item };
		}
		if (!isMap(target)) return undefined;
		const pairs = target.items.filter(isPair);
		// The key of a merge is a symbol.
		const nameOf = (key: unknown) =>
			isScalar(key)
				? typeof key.value === "symbol"
					? key.value.description
					: String(key.value)
				: undefined;
		const named = (name: string) => pairs.filter(({ key }) => nameOf(key) === name);
		const own = named(String(step))[0];
		if (own) return { at: own.key as Node, below: own.value };
		const merged = named("<<").map(({ value }) => find(value, step));
		return merged.find(found => found !== undefined);
	}

	return {
		value: document.toJS() as T,
		lineOf(path) {
			let node: unknown = document.contents;
			let offset = 0;
			for (const step of path) {
				const found = find(node, step);
				if (!found) break;
				offset = found.at.range![0];
				node = found.below;
			}
			return lines.linePos(offset).line;
		}
	};
}
