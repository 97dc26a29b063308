import { MigrationError } from "./migration-error.ts";

/** What each migration must be before any of them runs. */

interface Migration {
	service: string;
	file: string;
	sql: string;
}

const nameOf = ({ service, file }: Migration) => `${service}/${file}`;

const form = /^(\d{4})_[a-z\d]+(?:_[a-z\d]+)*\.sql$/;
const numberOf = ({ file }: Migration) => Number(form.exec(file)?.[1] ?? NaN);
const inDigits = (number: number) => String(number).padStart(4, "0");

/**
 * The first line of a migration that runs outside a transaction, because Postgres demands that. It has one statement,
 * and may have run before: an index that was built concurrently and failed is removed first; any other statement has to
 * allow for that (`if not exists`).
 */
const outside = "-- outside a transaction\n";
export const isOutside = ({ sql }: Pick<Migration, "sql">) => sql.startsWith(outside);

/** Comments; and texts, names and bodies of functions, in which a semicolon ends no statement. */
const skipped =
	/(?<comment>--.*|\/\*[^]*?\*\/)|\be'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<tag>\$\w*\$)[^]*?\k<tag>/gi;

/** How many statements a text has. */
export function countStatements(sql: string): number {
	const plain = sql.replaceAll(skipped, (_, comment?: string) => (comment ? " " : "x"));
	return plain.split(";").filter(statement => statement.trim() !== "").length;
}

const list = (names: readonly string[]) =>
	names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function malformed(all: readonly Migration[]): string[] {
	const names = all.filter(({ file }) => !form.test(file)).map(nameOf);
	if (names.length === 0) return [];
	return [
		`The name of a migration is a number of four digits, _, and words in small letters, as in 0019_brand.sql: rename ${list(names)}.`
	];
}

function duplicates(ofService: readonly Migration[]): string[] {
	const byNumber = Map.groupBy(
		ofService.filter(({ file }) => form.test(file)),
		numberOf
	);
	return [...byNumber.values()]
		.filter(group => group.length > 1)
		.map(group => `Migrations ${list(group.map(nameOf))} have the same number: renumber one.`);
}

/** Where one is missing, a new database would lack what one has on which it ran. */
function gaps(ofService: readonly Migration[]): string[] {
	const known = ofService
		.filter(({ file }) => form.test(file))
		.toSorted((a, b) => numberOf(a) - numberOf(b));
	const numbers = new Set(known.map(numberOf));
	const first = known.find(one => numberOf(one) > 1 && !numbers.has(numberOf(one) - 1));
	if (!first) return [];
	const before = Math.max(0, ...[...numbers].filter(number => number < numberOf(first)));
	return [
		`Migration ${nameOf(first)} has no predecessor: there is none with the number ${inDigits(before + 1)}.`
	];
}

function severalStatements(all: readonly Migration[]): string[] {
	return all.filter(isOutside).flatMap(migration => {
		const count = countStatements(migration.sql);
		if (count === 1) return [];
		const has = count === 0 ? "no statement" : `${count} statements`;
		return [`Migration ${nameOf(migration)} has ${has}; one outside a transaction has one.`];
	});
}

/** What is wrong with the migrations of a tree, as sentences. */
export function faultsOf(all: readonly Migration[]): string[] {
	const services = [...Map.groupBy(all, ({ service }) => service).values()];
	return [
		...malformed(all),
		...services.flatMap(duplicates),
		...services.flatMap(gaps),
		...severalStatements(all)
	];
}

/** @throws MigrationError that names the files */
export function assertSound(all: readonly Migration[]): void {
	const faults = faultsOf(all);
	if (faults.length > 0) throw new MigrationError("refused", faults.join("\n"));
}
