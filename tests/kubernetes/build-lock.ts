import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";

const pause = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Makes the folder; false if it exists. @throws Error of the file system */
function take(lock: string): boolean {
	try {
		mkdirSync(lock);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

function ageOf(lock: string): number {
	return Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

/**
 * Makes a file that is missing. Of several processes one makes it, and the others wait: a folder beside it is the lock.
 * @param withinMs of the making; a lock that is older is from a process that was killed, and is removed
 * @throws Error of the making, or when the file is still missing after twice this time
 */
export function onceFor(file: string, make: () => void, withinMs: number, pauseMs = 200): void {
	const lock = `${file}.lock`;
	mkdirSync(dirname(file), { recursive: true });
	const end = Date.now() + 2 * withinMs;
	while (!existsSync(file)) {
		if (take(lock)) {
			try {
				// The one before may have made it between the look and the lock.
				if (!existsSync(file)) make();
			} finally {
				rmSync(lock, { recursive: true, force: true });
			}
			return;
		}
		if (Date.now() > end) throw new Error(`waited ${2 * withinMs} ms for ${lock}: remove it`);
		if (ageOf(lock) > withinMs) rmSync(lock, { recursive: true, force: true });
		else pause(pauseMs);
	}
}
