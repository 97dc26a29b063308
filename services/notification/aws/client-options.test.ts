import { answeredInTime } from "./client-options.ts";

it("waits no longer for a request that ignores its signal, and aborts it", async () => {
	let signal: AbortSignal | undefined;
	const asked = answeredInTime(({ abortSignal }) => {
		signal = abortSignal;
		return new Promise(() => undefined);
	}, 20);
	await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
	expect(signal!.aborted).toBe(true);
});

it("passes on what the request resolves or rejects with", async () => {
	await expect(answeredInTime(async () => undefined)).resolves.toBeUndefined();
	await expect(answeredInTime(() => Promise.reject(new Error("denied")))).rejects.toThrow("denied");
});
