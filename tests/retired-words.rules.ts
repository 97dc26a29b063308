import ts from "typescript";
import type { Sources } from "./architecture.rules.ts";

/** Words that no identifier may hold, because nobody would search for them. docs/glossary.md says what is used instead. */
const retired = new Set(
	`
	admit afresh anew aside asking barred believed believes birth born breach breaches circumstances
	conduct conducts disagreements doubt errand errands fate feeder greet ground happening happenings
	heed heeded impatience insist knobs lapsed mildest mildness obey obeys outdo pace park parked
	parking passing patience patiently provoke quietly readmit scene scenes shelve sleeper stage
	standings stories story stranger strangers stray strike strikes striking struck stuck surely tell
	teller telling tells told trading trial trials troubles twin untold victims wish wishes witness
	worded wordy world worlds
	`.match(/\w+/g)
);

/** Pairs of words that are retired together: `takeBack`, `take_back`. */
const retiredPairs = new Set(
	"takeBack giveBack payBack callOff calledOff lookBack comeBack putAside setAside".split(" ")
);

/** `#replayTwin`, `next_check_at` → their words in lower case. */
const wordsOf = (name: string) =>
	name
		.replace(/^#/, "")
		.split(/_|(?<=[a-z0-9])(?=[A-Z])/)
		.map(word => word.toLowerCase());

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export function retiredWordsIn(name: string): string[] {
	const words = wordsOf(name);
	const pairs = words.slice(1).map((word, index) => words[index] + capitalized(word));
	return [
		...words.filter(word => retired.has(word)),
		...pairs.filter(pair => retiredPairs.has(pair))
	];
}

/** Every identifier that holds a retired word, as `path: name (word)`. */
export function retiredIdentifiers(sources: Sources): string[] {
	const found = new Set<string>();
	for (const [path, source] of Object.entries(sources)) {
		const visit = (node: ts.Node): void => {
			if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node))
				for (const word of retiredWordsIn(node.text)) found.add(`${path}: ${node.text} (${word})`);
			ts.forEachChild(node, visit);
		};
		visit(ts.createSourceFile(path, source, ts.ScriptTarget.ESNext));
	}
	return [...found];
}
