interface Started {
	folder: string;
	servers: { stop(): Promise<void> }[];
}

const key = Symbol.for("shop.tests.started");
const here = globalThis as unknown as Record<symbol, Started | undefined>;

/** What setup.ts started, for teardown.ts: jest loads the two apart, so no module could hold it. */
export const started: Started = (here[key] ??= { folder: "", servers: [] });
