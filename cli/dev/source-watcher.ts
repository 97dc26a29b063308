import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join, sep } from "node:path";

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

/** What is gone again is no error: its deletion is a change of its own. */
function ifThere<R>(look: () => R): R | undefined {
	try {
		return look();
	} catch (error) {
		if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
			return undefined;
		throw error;
	}
}

/**
 * Watches each folder by itself. On Linux, Node's recursive watch also watches each file by its inode, so that it loses
 * one that another file replaces, as `sed -i`, `git checkout` and many editors do: the watch of a folder sees its names.
 */
class FolderWatches {
	readonly #root: string;
	readonly #onChange: (path: string) => void;
	/** By the path of the folder. */
	readonly #watchers = new Map<string, FSWatcher>();

	/** @param onChange called with each file of the source that changed, and each folder that is gone */
	constructor(root: string, onChange: (path: string) => void) {
		this.#root = root;
		this.#onChange = onChange;
		for (const folder of folders) this.#open(folder);
		// The folders themselves may be replaced.
		const beside = watch(root, (event, name) => {
			if (name && [...folders, rootFile].includes(name)) this.#look(event, name);
		});
		this.#watchers.set("", beside);
	}

	close(): void {
		for (const watcher of this.#watchers.values()) watcher.close();
	}

	/** Watches a folder and all below it. Returns the files there, which may have come before they were watched. */
	#open(folder: string): string[] {
		const at = join(this.#root, folder);
		const watcher = ifThere(() =>
			watch(at, (event, name) => name && this.#look(event, join(folder, name)))
		);
		if (!watcher) return [];
		this.#watchers.set(folder, watcher);
		const entries = ifThere(() => readdirSync(at, { withFileTypes: true })) ?? [];
		return entries.flatMap(entry => {
			const path = join(folder, entry.name);
			return entry.isDirectory() ? this.#open(path) : [path];
		});
	}

	#close(folder: string): void {
		for (const [path, watcher] of this.#watchers)
			if (path === folder || path.startsWith(folder + sep)) {
				watcher.close();
				this.#watchers.delete(path);
			}
	}

	/** A watch stays with the folder for which it was opened, so one that has the name now gets its own. */
	#look(event: string, path: string): void {
		const wasFolder = this.#watchers.has(path);
		// Of its rights or times: what is in it is the same.
		if (wasFolder && event === "change") return;
		if (wasFolder) this.#close(path);
		const isFolder = ifThere(() => statSync(join(this.#root, path)))?.isDirectory() ?? false;
		const found = isFolder ? this.#open(path) : [path];
		for (const file of found) if (isSource(file) || (wasFolder && !isFolder)) this.#onChange(file);
	}
}

/**
 * Calls `onChange` with the files of the tree that changed, and folders that went, once they have been quiet for a moment.
 * @returns ends it
 */
export function watchSource(root: string, onChange: (files: string[]) => void): () => void {
	const changed = new Set<string>();
	let timer: NodeJS.Timeout | undefined;
	const watches = new FolderWatches(root, path => {
		changed.add(path);
		clearTimeout(timer);
		timer = setTimeout(() => {
			const files = [...changed].toSorted();
			changed.clear();
			onChange(files);
		}, quietMs);
	});
	return () => {
		clearTimeout(timer);
		watches.close();
	};
}
