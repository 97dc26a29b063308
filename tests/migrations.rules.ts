/**
 * What a migration must not do to a table of a running shop: each of these keeps everybody from writing to it, or from
 * reading it too, for as long as all its rows are read.
 */

const outside = /^-- outside a transaction\n/;
const word = String.raw`(?:if (?:not )?exists )?(?:only )?"?([\w.]+)"?`;
const createTable = new RegExp(
	String.raw`\bcreate (?:unlogged |temp(?:orary)? )?table ${word}`,
	"g"
);
const createIndex = new RegExp(
	String.raw`\bcreate (?:unique )?index (concurrently )?(?:(?:if not exists )?\w+ )?on ${word}`
);
const alterTable = new RegExp(String.raw`\balter table ${word} (.*)$`);

/** Without comments, texts and bodies of functions, in small letters and with single blanks. */
function plain(sql: string): string {
	return sql
		.replaceAll(/\bas\s+(\$\w*\$)[^]*?\1/gi, "as ''")
		.replaceAll(/--.*$/gm, "")
		.replaceAll(/'(?:[^']|'')*'/g, "''")
		.replaceAll(/\s+/g, " ")
		.toLowerCase();
}

/** The parts between commas that are in no parentheses. */
function actionsOf(list: string): string[] {
	let depth = 0;
	const parts = [""];
	for (const character of list) {
		if (character === "(") depth++;
		if (character === ")") depth--;
		if (character === "," && depth === 0) parts.push("");
		else parts[parts.length - 1] += character;
	}
	return parts.map(part => part.trim());
}

/** A stored or numbered column, one whose default differs by row, and another type. */
const rewrites =
	/^alter (?:column )?\w+ (?:set data )?type\b|^add .*(?:\bstored\b|\b(?:big|small)?serial\b|\bas identity\b|\bdefault (?:gen_random_uuid|uuidv\d|clock_timestamp|random|nextval)\b)/;

/** Why an action of `alter table` holds the table; undefined if it does not. */
function whyHeld(action: string, isOutside: boolean): string | undefined {
	if (/^validate constraint/.test(action))
		return isOutside ? undefined : "validates in the transaction of the other migrations";
	if (rewrites.test(action)) return "rewrites all rows";
	if (/^alter (?:column )?\w+ set not null/.test(action))
		return "reads all rows: add a check that is `not valid`";
	if (!action.startsWith("add ")) return undefined;
	if (/\b(?:unique|primary key|exclude)\b/.test(action))
		return action.includes("using index")
			? undefined
			: "builds an index that is not `concurrently`";
	if (!/\b(?:check|references)\b/.test(action)) return undefined;
	if (/^add (?:constraint \w+ )?(?:check|foreign key)/.test(action))
		return action.endsWith("not valid") ? undefined : "adds a constraint that is not `not valid`";
	return "adds a column with a constraint: add that by itself, `not valid`";
}

/** What holds a table that was there before this migration, as `table: reason`. */
export function heldTables(sql: string): string[] {
	const isOutside = outside.test(sql);
	const text = plain(sql);
	const own = new Set([...text.matchAll(createTable)].map(([, table]) => table!));
	return text.split(";").flatMap(statement => {
		const [index, concurrently, indexed = ""] = createIndex.exec(statement) ?? [];
		if (index && !own.has(indexed) && !(concurrently && isOutside))
			return [`${indexed}: builds an index that is not \`concurrently\``];
		const [alter, table = "", actions = ""] = alterTable.exec(statement) ?? [];
		if (!alter || own.has(table)) return [];
		return actionsOf(actions)
			.map(action => whyHeld(action, isOutside))
			.filter(reason => reason !== undefined)
			.map(reason => `${table}: ${reason}`);
	});
}

/** A line that says why nothing that runs reads what is dropped: it has been so since a release. */
const contraction = /^\s*-- contract: \S/m;

const fillsItself = /\b(?:default|generated|(?:big|small)?serial)\b/;

/** Why an action of `alter table` fails the version before, which still runs; undefined if it does not. */
function whyFormerFails(action: string, isContraction: boolean): string | undefined {
	if (/^(?:rename|set schema)\b/.test(action))
		return "renames what the version before uses: add the new one beside it";
	if (
		/^drop (?:column )?(?!(?:constraint|default|expression|identity)\b|not null\b)\w/.test(action)
	)
		return isContraction ? undefined : "drops a column: say `-- contract: why nothing reads it`";
	if (/^add (?!(?:constraint|check|foreign|unique|primary|exclude)\b).*\bnot null\b/.test(action))
		return fillsItself.test(action) && !/\bdefault null\b/.test(action)
			? undefined
			: "adds a column that the version before does not fill: give it a default";
	if (/^alter (?:column )?\w+ (?:set data )?type\b/.test(action))
		return isContraction
			? undefined
			: "changes the type of a column: say `-- contract: why the version before can use both`";
	if (/^alter (?:column )?\w+ (?:set not null|drop default)/.test(action))
		return isContraction
			? undefined
			: "demands a value that the version before may not give: say `-- contract: why it does`";
	return undefined;
}

/** Kinds of objects that statements and rights name. */
const kinds =
	"(?:table|(?:materialized )?view|function|procedure|schema|type|domain|sequence|trigger)";
const dropped = new RegExp(String.raw`\bdrop ${kinds} (?:if exists )?(.*)$`);
const renamed = new RegExp(String.raw`\balter ${kinds} ${word}.* (?:rename|set schema)\b`);
const revoked = /^ ?revoke\b.* on (?:table )?(\S+)/;

/**
 * What fails nodes of the version before, which run until they are replaced, as `table: reason`. Expand first; contract a
 * release later, when no node that runs reads it.
 */
export function breaksFormer(sql: string): string[] {
	const isContraction = contraction.test(sql);
	const text = plain(sql);
	const own = new Set([...text.matchAll(createTable)].map(([, table]) => table!));
	return text.split(";").flatMap(statement => {
		const names = actionsOf(dropped.exec(statement)?.[1] ?? "").map(
			name => /^[\w."]+/.exec(name)?.[0] ?? ""
		);
		const gone = names.filter(name => name && !own.has(name));
		if (gone.length > 0 && !isContraction)
			return gone.map(name => `${name}: is dropped: say \`-- contract: why nothing uses it\``);
		const [, refused] = revoked.exec(statement) ?? [];
		if (refused && !own.has(refused) && !isContraction)
			return [`${refused}: a right is revoked: say \`-- contract: why nothing uses it\``];
		const [, other] = renamed.exec(statement) ?? [];
		if (other) return [`${other}: renames what the version before uses: add the new one beside it`];
		const [alter, table = "", actions = ""] = alterTable.exec(statement) ?? [];
		if (!alter || own.has(table)) return [];
		return actionsOf(actions)
			.map(action => whyFormerFails(action, isContraction))
			.filter(reason => reason !== undefined)
			.map(reason => `${table}: ${reason}`);
	});
}
