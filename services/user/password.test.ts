import { successesOf } from "../../tests/support/expect-failure.ts";
import { hashPassword, passwordMatches, weakness } from "./password.ts";

describe("a password", () => {
	it("matches its hash and no other, in any Unicode normalisation", async () => {
		const stored = await hashPassword("Ünïcode-Pass-99");
		expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
		expect(await passwordMatches(stored, "Ünïcode-Pass-99".normalize("NFD"))).toBe(true);
		expect(await passwordMatches(stored, "Ünïcode-Pass-98")).toBe(false);
	});

	it("is hashed and checked behind one bulkhead", async () => {
		const stored = await hashPassword("Ünïcode-Pass-99");
		// The clock stands still, so that none waits too long and all are refused for the length of the queue.
		const clock = jest.spyOn(performance, "now").mockReturnValue(0);
		const works: Promise<unknown>[] = [];
		for (let n = 0; n < 40; n++)
			works.push(hashPassword("Ünïcode-Pass-99"), passwordMatches(stored, "Ünïcode-Pass-99"));
		const successes = await successesOf(works, "OVERLOADED");
		clock.mockRestore();
		expect(successes).toHaveLength(62);
	}, 30_000);

	it("matches nothing when there is no user", async () => {
		expect(await passwordMatches(undefined, "Ünïcode-Pass-99")).toBe(false);
	});

	it.each([
		"password1234",
		"Password123!",
		"123456789012",
		"qwertyuiop12",
		"QwErTy123456",
		"iloveyou1234",
		"aaaaaaaaaaaa",
		"121212121212",
		"adminadmin12",
		"alice.martin1",
		"Alice.Martin-2026"
	])("is refused when it is easy to guess: %s", password => {
		expect(weakness(password, "alice.martin@shop.test")).toBeDefined();
	});

	it.each([
		"demo-Password-1",
		"correct horse battery",
		"x9#Lm2!qR8zT",
		"我的密码很长而且很安全哦哦"
	])("is accepted otherwise: %s", password => {
		expect(weakness(password, "bob@shop.test")).toBeUndefined();
	});
});
