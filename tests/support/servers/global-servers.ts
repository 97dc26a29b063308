interface GlobalServers {
	folder: string;
	servers: { stop(): Promise<void> }[];
}

const key = Symbol.for("shop.tests.started");
const here = globalThis as unknown as Record<symbol, GlobalServers | undefined>;

/** What setup.ts started, for teardown.ts: jest loads the two separately, so a module could not hold it. */
export const globalServers: GlobalServers = (here[key] ??= { folder: "", servers: [] });
