import { LaunchError } from "../process/launch-error.ts";
import { awaitDatabase, isPostgresAway } from "./database-wait.ts";

const url = "postgres://ann:secret@db.example:5433/shop";
const coded = (code: string) => Object.assign(new Error("as the driver says it"), { code });

it.each([
	["ECONNREFUSED", true],
	["ENOTFOUND", true],
	["EAI_AGAIN", true],
	["ETIMEDOUT", true],
	["EHOSTUNREACH", true],
	["57P03", true],
	["28P01", false],
	["28000", false],
	["3D000", false],
	["53300", false],
	["42501", false]
])("%s means that no Postgres answers: %s", (code, expected) => {
	expect(isPostgresAway(coded(code))).toBe(expected);
});

it("a connection that is not made in time, whose error has no code, is one that is not answered", () => {
	expect(isPostgresAway(new Error("timeout expired"))).toBe(true);
	expect(isPostgresAway(new Error("Connection terminated unexpectedly"))).toBe(false);
});

/** Fails with these, one after the other, and succeeds then. */
function connecting(...codes: string[]) {
	const left = [...codes];
	const connect = jest.fn(async () => {
		const code = left.shift();
		if (code) throw coded(code);
	});
	return { connect, onProgress: jest.fn(), seconds: 60, pauseMs: 1 };
}

describe("awaitDatabase", () => {
	it("tries until Postgres answers, and says so once in 5 s", async () => {
		const wait = connecting("ENOTFOUND", "ECONNREFUSED", "57P03");
		await awaitDatabase(url, wait);
		expect(wait.connect).toHaveBeenCalledTimes(4);
		expect(wait.onProgress.mock.calls).toEqual([
			["Postgres at db.example:5433 does not answer yet (ENOTFOUND): tries for 60 s more"]
		]);
	});

	it("does not try again after a refusal", async () => {
		const wait = connecting("ECONNREFUSED", "28P01");
		await expect(awaitDatabase(url, wait)).rejects.toThrow("refuses the password of ann");
		expect(wait.connect).toHaveBeenCalledTimes(2);
	});

	it.each([0, 0.02])("ends with the sentence of one connection after %f s", async seconds => {
		const wait = { ...connecting(...Array<string>(1000).fill("ECONNREFUSED")), seconds };
		const ended = awaitDatabase(url, wait);
		await expect(ended).rejects.toThrow(LaunchError);
		await expect(ended).rejects.toThrow(
			"No Postgres answers at db.example:5433: start it, or correct DATABASE_URL."
		);
		expect(wait.connect.mock.calls.length > 1).toBe(seconds > 0);
	});
});
