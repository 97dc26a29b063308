import type { Engine } from "../ledger/engine.ts";
import { RejectedKeys } from "../ledger/rejected-keys.ts";
import type { RecordedRequest } from "../ledger/book.ts";
import type { Call } from "./call.ts";
import { Idempotency } from "./idempotency-keys.ts";

afterEach(() => jest.restoreAllMocks());

it("rejects the first attempt of a key, and keeps no key whose next attempt was accepted", async () => {
	const rejects = jest.spyOn(RejectedKeys.prototype, "rejects");
	const engine = { state: { requestOf: () => undefined } } as unknown as Engine;
	const idempotency = new Idempotency(engine);
	const attempt = (key: string) =>
		idempotency.once({ idempotencyKey: key, fingerprint: "f", requestId: "r" } as Call, {
			fault: { refuse: "unavailable" },
			run: async asked => ({ line: { asked } }) as RecordedRequest,
			answer: () => ({ status: 200, body: {} })
		});
	for (let n = 0; n < 5; n++) {
		await expect(attempt(`key-${n}`)).rejects.toThrow();
		await expect(attempt(`key-${n}`)).resolves.toMatchObject({ status: 200 });
	}
	expect(rejects.mock.contexts[0]).toHaveProperty("size", 0);
});
