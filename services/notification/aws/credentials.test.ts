import { limitedCredentials } from "./credentials.ts";

const silent = () => new Promise<string>(() => undefined);

it("gives up a source of credentials that says nothing, and opens it again for the next request", async () => {
	const sources = [silent, async (role: string) => `of ${role}`];
	const credentials = limitedCredentials(() => sources.shift()!, 20);
	await expect(credentials("a")).rejects.toMatchObject({ name: "TimeoutError" });
	await expect(credentials("a")).resolves.toBe("of a");
});

it("keeps a source that answers, also if it refuses", async () => {
	let opened = 0;
	const answers = [
		async () => "first",
		() => Promise.reject(new Error("denied")),
		async () => "last"
	];
	const credentials = limitedCredentials(() => {
		opened++;
		return () => answers.shift()!();
	}, 1000);
	await expect(credentials()).resolves.toBe("first");
	await expect(credentials()).rejects.toThrow("denied");
	await expect(credentials()).resolves.toBe("last");
	expect(opened).toBe(1);
});
