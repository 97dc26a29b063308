import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { idOf, root, type ClusterObject } from "./cluster-objects.ts";

/** What is wrong with a rendered object. */
export interface Fault {
	/** `Deployment/order`. */
	object: string;
	text: string;
	/** The text of the manifest that is wrong, by which its line is found. */
	word: string;
}

export const faultOf = (object: ClusterObject, word: string, text: string): Fault => ({
	object: idOf(object),
	word: String(word),
	text
});

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Whether a document declares the object, whose name may have got a hash since. */
function declares(text: string, object: string): boolean {
	const [kind, name] = object.split("/") as [string, string];
	const bare = name.replace(/-[a-z0-9]{10}$/, "");
	const hasName = new RegExp(`^  name: (${escape(name)}|${escape(bare)})\\s*$`, "m");
	return new RegExp(`^kind: ${kind}$`, "m").test(text) && hasName.test(text);
}

interface Document {
	file: string;
	/** Of the file, from 0 on. */
	firstLine: number;
	lines: string[];
	text: string;
}

function documentsOf(file: string, text: string): Document[] {
	let firstLine = 0;
	return text.split(/^---\n/m).map(part => {
		const lines = part.split("\n");
		const document = { file, firstLine, lines, text: part };
		firstLine += lines.length;
		return document;
	});
}

/**
 * Rendering loses where a line came from, so this looks for its text: first in documents that declare the object, then in all.
 * @param within the folder of the manifests
 * @returns `k8s/base/services/order.yaml:23`, or undefined where no file has it
 */
function placeOf({ object, word }: Fault, within: string): string | undefined {
	const whole = new RegExp(`(^|[^\\w./-])${escape(word)}($|[^\\w./-])`);
	const documents = globSync("**/*.{yaml,yml,env,conf}", { cwd: within })
		.sort()
		.flatMap(file => documentsOf(file, readFileSync(join(within, file), "utf8")));
	const [own, others] = [true, false].map(is =>
		documents.filter(({ text }) => declares(text, object) === is)
	);
	for (const { file, firstLine, lines } of [...own!, ...others!]) {
		const line = lines.findIndex(one => !/^\s*#/.test(one) && whole.test(one));
		if (line >= 0) return `k8s/${file}:${firstLine + line + 1}`;
	}
	return undefined;
}

/** One line each, with file and line where they can be found. */
export const report = (faults: readonly Fault[], within = root): string[] =>
	faults.map(fault => {
		const place = placeOf(fault, within);
		return `${place ? `${place}: ` : ""}${fault.object}: ${fault.text}`;
	});
