import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { stringify } from "yaml";
import { type ClusterObject } from "../cluster-objects.ts";
import { faultOf, type Fault } from "../fault-lines.ts";

/** The formats of values, such as quantities, which no type says: the schemas in packages of npm know them. */

const project = join(import.meta.dirname, "../../..");

/** Runs by Node itself: the packages are ES modules, and jest runs CommonJS. */
const program = `
	import { readFileSync } from "node:fs";
	const found = [];
	for (const { module, object } of JSON.parse(readFileSync(0, "utf8"))) {
		const { [object.kind]: Model } = await import(module);
		try {
			new Model(object).validate();
			found.push([]);
		} catch (error) {
			if (!error.errors) throw error;
			found.push(error.errors);
		}
	}
	console.log(JSON.stringify(found));
`;

interface Refusal {
	instancePath: string;
	keyword: string;
	message: string;
}

export interface Modelled {
	object: ClusterObject;
	/** Of the kind, as `kubernetes-models/apps/v1/Deployment`. */
	module: string;
}

/** One line of YAML, or the name alone of a member that has several. */
export const wordOf = (name: string, value: unknown) =>
	typeof value === "object" ? name : `${name}: ${stringify(value, { lineWidth: 0 }).trim()}`;

function faultAt(object: ClusterObject, { instancePath, message }: Refusal): Fault {
	const path = instancePath.split("/").slice(1);
	// As RFC 6901 escapes them.
	const names = path.map(name => name.replaceAll("~1", "/").replaceAll("~0", "~"));
	let value: unknown = object;
	for (const name of names) value = (value as Record<string, unknown>)[name];
	const word = wordOf(names.at(-1) ?? object.kind, value);
	return faultOf(object, word, `${names.join(".")} ${message}`);
}

/** What the compiler says better. */
const ofTypes = new Set(["additionalProperties", "enum", "required", "type"]);

/** One of each value: of alternatives all are listed, and the format says most. */
function refusalsOf(all: readonly Refusal[]): Refusal[] {
	const paths = new Set(all.map(({ instancePath }) => instancePath));
	return [...paths]
		.map(path => {
			const own = all.filter(({ instancePath }) => instancePath === path);
			return own.find(({ keyword }) => keyword === "format") ?? own[0]!;
		})
		.filter(({ keyword }) => !ofTypes.has(keyword));
}

export function valueFaults(given: readonly Modelled[]): Fault[] {
	const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
		cwd: project,
		input: JSON.stringify(given),
		encoding: "utf8",
		maxBuffer: 2 ** 26
	});
	const found = JSON.parse(output) as Refusal[][];
	return found.flatMap((all, index) =>
		refusalsOf(all).map(one => faultAt(given[index]!.object, one))
	);
}
