import { watch } from "node:fs";
import { join } from "node:path";

/** What a running shop is made of; the commands themselves are not restarted. */
const folders = [
	"config",
	"contracts",
	"db",
	"http",
	"idempotency",
	"launch",
	"lib",
	"middlewares",
	"mixins",
	"psp",
	"services",
	"streams"
];

const rootFile = "moleculer.config.ts";

/** Editors write a file in several steps, and a checkout changes many files. */
const quietMs = 50;

const isSource = (file: string) => /\.(ts|sql|json)$/.test(file) && !/\.test\.ts$/.test(file);

/**
 * Calls `onChange` with the files of the tree that changed, once they have been quiet for a moment.
 * @returns ends it
 */
export function watchSource(root: string, onChange: (files: string[]) => void): () => void {
	const changed = new Set<string>();
	let timer: NodeJS.Timeout | undefined;
	const note = (file: string) => {
		if (!isSource(file)) return;
		changed.add(file);
		clearTimeout(timer);
		timer = setTimeout(() => {
			const files = [...changed].toSorted();
			changed.clear();
			onChange(files);
		}, quietMs);
	};
	const watchers = folders.map(folder =>
		watch(join(root, folder), { recursive: true }, (_event, name) => note(join(folder, name ?? "")))
	);
	// An editor may put a new file in the place of the old one, which is then no longer watched by its name.
	watchers.push(watch(root, (_event, name) => name === rootFile && note(rootFile)));
	return () => {
		clearTimeout(timer);
		for (const watcher of watchers) watcher.close();
	};
}
