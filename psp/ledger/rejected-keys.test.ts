import { RejectedKeys } from "./rejected-keys.ts";

it("rejects the first attempt of each key, until it is forgotten", () => {
	const keys = new RejectedKeys();
	expect(["a", "b", "a", "a"].map(key => keys.rejects(key))).toEqual([true, true, false, false]);
	keys.forget("a");
	expect(keys.size).toBe(1);
	expect(keys.rejects("a")).toBe(true);
});

it("keeps a limited number of keys whose caller never came back, the latest ones", () => {
	const keys = new RejectedKeys(3);
	for (let n = 0; n < 100; n++) keys.rejects(String(n));
	expect(keys.size).toBe(3);
	expect(["97", "98", "99"].map(key => keys.rejects(key))).toEqual([false, false, false]);
});
