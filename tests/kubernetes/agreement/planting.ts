import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { root } from "../cluster-objects.ts";

/** Faults that are written into a copy of the manifests, each with the report that it should cause. */

export type PlantedFault = [
	fault: string,
	file: string,
	from: string,
	to: string,
	/** With `{line}`: of the first line that was changed, unless `at` says another. */
	expected: string,
	/** A file, and a text of it that ends in the line of the report. */
	at?: [file: string, text: string]
];

export interface Planted {
	/** The copy of k8s/. */
	folder: string;
	expected: string[];
}

const lineOf = (text: string, index: number) => text.slice(0, index).split("\n").length;

function firstChange(before: string, after: string): number {
	const lines = before.split("\n");
	return after.split("\n").findIndex((line, index) => line !== lines[index]) + 1;
}

/** All in one tree, which is then rendered once. A fault that adds lines moves the reports of those before it in the table. */
export function plantFaults(rows: readonly PlantedFault[]): Planted {
	const folder = temporaryFolder();
	cpSync(root, folder, { recursive: true });
	const read = (file: string) => readFileSync(join(folder, file), "utf8");
	const expected = rows.map(([, file, from, to, text, at]) => {
		const before = read(file);
		const after = before.replace(from, () => to);
		writeFileSync(join(folder, file), after);
		const changed = firstChange(before, after);
		expect([file, from, changed]).not.toEqual([file, from, 0]);
		if (!at) return text.replace("{line}", String(changed));
		const place = read(at[0]);
		expect([at, place.includes(at[1])]).toEqual([at, true]);
		const line = lineOf(place, place.indexOf(at[1]) + at[1].length);
		return text.replace("{line}", String(line));
	});
	return { folder, expected };
}
