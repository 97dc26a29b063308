import type { Checksums } from "../../scripts/release/checksums.ts";
import type { JsonSchema } from "../../scripts/release/contract-snapshot.ts";
import type { Break } from "./contract.rules.ts";
import type { IntendedBreak } from "./intended-breaks.ts";

/** Files of a release that were changed or removed since: an event of each version, and migrations. No reason excuses it. */
export function changedFiles(released: Checksums, present: Checksums): string[] {
	const advice = (path: string) =>
		path.endsWith(".sql")
			? "databases keep its checksum: write a new migration"
			: `keep it, and write the event as the next version (${nextVersion(path)})`;
	return Object.entries(released)
		.filter(([path, sum]) => present[path] !== sum)
		.map(
			([path]) =>
				`${path} was ${present[path] ? "changed" : "removed"} after its release; ${advice(path)}`
		);
}

const versioned = /^(.*)\.v(\d+)\.json$/;

function nextVersion(path: string): string {
	const [, name, version] = versioned.exec(path)!;
	return `${name}.v${Number(version) + 1}.json`;
}

/** The newest golden file of a type of event: 0 if there is none. */
function newestVersion(files: Checksums, type: string): number {
	const versions = Object.keys(files).flatMap(path => {
		const [, name, version] = versioned.exec(path) ?? [];
		return name === `contracts/golden/${type}` ? [Number(version)] : [];
	});
	return Math.max(0, ...versions);
}

/** `DeadLetter` → `dead_letter`, as golden files are named. */
const snakeCase = (name: string) =>
	name.replaceAll(/(?<!^)[A-Z]/g, letter => `_${letter}`).toLowerCase();

/** The types of the events of a message, by its schema; that of a message whose value may be anything is its name. */
export function typesOfMessage(
	name: string,
	payload: JsonSchema | undefined,
	schemas: Readonly<Record<string, JsonSchema>>
): string[] {
	if (!payload) return [snakeCase(name)];
	const named = payload.$ref?.split("/").at(-1);
	const { properties } = (named === undefined ? payload : schemas[named]) ?? {};
	const type = properties?.type;
	return [type?.const ?? type?.enum ?? []].flat().map(String);
}

/** `event OrderEvent.type: "order.lost" is a new value` */
const newType = /\.type: "([^"]+)" is a new value$/;

export interface Versions {
	released: Checksums;
	present: Checksums;
	/** Types of events by message: `OrderEvent` → `order.confirmed` … */
	types: Readonly<Record<string, readonly string[]>>;
}

/** Breaks that are not intended, those of events without a new version, and intentions that nothing needs. */
export function unexcused(
	breaks: readonly Break[],
	intended: readonly IntendedBreak[],
	{ released, present, types }: Versions
): string[] {
	const reasons = new Map(intended.map(({ text, reason }) => [text, reason.trim()]));
	const affected = ({ text, places }: Break) => {
		const all = places.flatMap(place => types[place] ?? []);
		// A new type changes none of the others: it needs a golden file of its own.
		const added = newType.exec(text)?.[1];
		return added !== undefined && all.includes(added) ? [added] : all;
	};
	const withoutVersion = (one: Break) =>
		affected(one).filter(type => newestVersion(present, type) <= newestVersion(released, type));
	const where = ({ places }: Break) =>
		places.length > 3
			? `${places.slice(0, 3).join(", ")} and ${places.length - 3} more`
			: places.join(", ");
	return [
		...breaks.filter(({ text }) => !reasons.get(text)).map(one => `${one.text} (${where(one)})`),
		...breaks
			.filter(one => one.isEvent && reasons.get(one.text) && withoutVersion(one).length > 0)
			.map(one => `${one.text}: needs a new version of ${withoutVersion(one).join(", ")}`),
		...intended
			.filter(({ text }) => !breaks.some(one => one.text === text))
			.map(({ text }) => `intended, and there is no such break: ${text}`)
	];
}
