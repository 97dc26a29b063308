import { AsyncLocalStorage } from "node:async_hooks";

const scope = new AsyncLocalStorage<true>();

/** Runs `work` marked as inside a database transaction, across every await in it. */
export function insideTransaction<R>(work: () => Promise<R>): Promise<R> {
	return scope.run(true, work);
}

/**
 * Row locks must never be held during a remote call (saleor#11069). Guards call this before anything that
 * leaves the process. @throws Error inside a transaction
 */
export function refuseInsideTransaction(what: string): void {
	if (scope.getStore()) throw new Error(`${what} inside a database transaction`);
}
