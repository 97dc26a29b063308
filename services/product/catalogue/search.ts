import { isPartOnly, parseSearch, spellingsOf, wordsIn, type Term } from "./search-terms.ts";

/** Expressions of SQL over `product.products as product`, whose indexes they use. */
export interface Search {
	readonly matches: string;
	/** A whole number below 500,000, higher for better matches. */
	readonly rank: string;
}

const text = "product.search_text";
const hasText = (term: string) => /[\p{L}\p{N}]/u.test(term);
const any = (conditions: string[]) => `(${conditions.join(" or ")})`;

/** Search by words and by parts of words (docs/decisions/0026-product-search.md). */
export class CatalogueSearch {
	readonly #language: string;
	readonly #quoted: (text: string) => string;

	/**
	 * @param language of names and descriptions: a text search configuration of Postgres
	 * @param quoted makes a literal of SQL of a text
	 */
	constructor(language: string, quoted: (text: string) => string) {
		this.#language = language;
		this.#quoted = quoted;
	}

	/** Products whose SKU is `q`, or that match one of its alternatives. */
	for(q: string): Search {
		const whole = q.trim();
		const alternatives = parseSearch(whole);
		const matching = alternatives.map(
			terms => `(${terms.map(term => this.#condition(term, terms)).join(" and ")})`
		);
		const isSku = `product.fold_case(product.sku) = product.fold_case(${this.#quoted(whole)})`;
		const wanted = alternatives.flat().filter(({ excluded }) => !excluded);
		const words = wanted.flatMap(term => this.#wordsOf(term) ?? []);
		return { matches: any([isSku, ...matching]), rank: this.#rank(whole, words) };
	}

	/** A product has a term as words, in any of their forms, or as a part of its text, in any spelling. */
	#condition(term: Term, all: readonly Term[]): string {
		const words = this.#wordsOf(term);
		const hasWords = words ? [`product.search_words @@ ${words}`] : [];
		const forms = spellingsOf(term.text).map(spelling => this.#form(spelling));
		const isPart = forms.map(part => `strpos(${text}, ${part}) > 0`);
		if (term.excluded) return `not ${any(this.#isExcluded(term, hasWords, isPart))}`;
		const hasRuns = forms.map(part => `product.search_runs @@ product.search_runs_query(${part})`);
		const others = all.filter(other => other !== term && !other.excluded);
		const isOptional = this.#isOptional(term, others);
		// The second half checks what the first found by index: that the runs are next to each other.
		return `${any([...isOptional, ...hasWords, ...hasRuns])} and ${any([...isOptional, ...hasWords, ...isPart])}`;
	}

	/** Only whole words and SKUs are excluded, where there are words: "-oak" does not hide what is soaked. */
	#isExcluded(term: Term, hasWords: string[], isPart: string[]): string[] {
		const isSku = `split_part(${text}, E'\\n', 2) = ${this.#form(term.text)}`;
		return isPartOnly(term.text) ? isPart : [isSku, ...hasWords];
	}

	/**
	 * A term without a word that means something, like "the" or "&", only counts where no other term has one. The planner
	 * computes this once, because nothing in it depends on a product.
	 */
	#isOptional(term: Term, others: readonly Term[]): string[] {
		const words = this.#wordsOf(term);
		if (words === undefined && hasText(term.text)) return [];
		const meaningful = others.flatMap(other => this.#wordsOf(other) ?? []);
		if (meaningful.length === 0) return [];
		const hasNone = words ? `numnode(${words}) = 0 and ` : "";
		return [`(${hasNone}${any(meaningful.map(query => `numnode(${query}) > 0`))})`];
	}

	/**
	 * The best first: the SKU, the name, the beginning and a part of the name; within each, by the weight of the words
	 * that were found. Written out, because a call of a function for each product would cost as much again.
	 */
	#rank(q: string, words: string[]): string {
		const whole = this.#form(q);
		const query = ["''::tsquery", ...words].join(" || ");
		return `(100000 * case
			when split_part(${text}, E'\\n', 2) = ${whole} then 4
			when starts_with(${text}, ${whole} || E'\\n') then 3
			when starts_with(${text}, ${whole}) then 2
			when strpos(split_part(${text}, E'\\n', 1), ${whole}) > 0 then 1
			else 0 end
			+ least(99999, (100000 * ts_rank('{0,0,0.1,1}', product.search_words, ${query}))::int))`;
	}

	#form(given: string): string {
		return `product.search_form(${this.#quoted(given)})`;
	}

	/** A query of full text search; undefined for what has no words. */
	#wordsOf({ text: term }: Term): string | undefined {
		const words = wordsIn(term);
		if (words === undefined) return undefined;
		return `product.search_words_query(${this.#quoted(this.#language)}, ${this.#quoted(words)})`;
	}
}
