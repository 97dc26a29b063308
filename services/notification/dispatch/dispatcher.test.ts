import { shop } from "../../../tests/support/notification/sample-dispatch.ts";
import { Dispatcher } from "./dispatcher.ts";
import { expireBatchSize, type NotificationStore } from "../tracking-store.ts";

describe("expired messages", () => {
	let old = 0;
	const expire = jest.fn(async () => {
		await new Promise(resolve => setTimeout(resolve, 20));
		const gone = Math.min(old, expireBatchSize);
		old -= gone;
		return gone;
	});
	const store = {
		claim: async () => [],
		expire
	} as Partial<NotificationStore> as NotificationStore;
	let dispatcher: Dispatcher;

	beforeEach(() => {
		jest.useFakeTimers();
		expire.mockClear();
		dispatcher = new Dispatcher({
			store,
			shop,
			channels: new Map(),
			contacts: async () => [],
			everyMs: 250,
			chance: () => 1,
			onError: () => undefined
		});
		dispatcher.start();
	});
	afterEach(() => {
		jest.clearAllTimers();
		jest.useRealTimers();
	});

	it("are all removed, once a minute", async () => {
		old = 3 * expireBatchSize + 1;
		await jest.advanceTimersByTimeAsync(61_000);
		expect([old, expire.mock.calls.length]).toEqual([0, 4]);
		old = 1;
		await jest.advanceTimersByTimeAsync(61_000);
		expect([old, expire.mock.calls.length]).toEqual([0, 5]);
		await dispatcher.stop();
	});

	it("do not delay the stop of a node", async () => {
		old = 1000 * expireBatchSize;
		await jest.advanceTimersByTimeAsync(60_010);
		const stopped = dispatcher.stop();
		await jest.advanceTimersByTimeAsync(20);
		await stopped;
		expect(old).toBe(999 * expireBatchSize);
	});
});
