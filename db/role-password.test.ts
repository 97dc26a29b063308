import type pg from "pg";
import { scramVerifier, setRolePasswords } from "./role-password.ts";

async function statements(urls: Parameters<typeof setRolePasswords>[1]): Promise<string[]> {
	const sent: string[] = [];
	const client = {
		escapeLiteral: (text: string) => `'${text}'`,
		query: (text: string) => Promise.resolve(sent.push(text))
	};
	await setRolePasswords(client as unknown as pg.Client, urls, url =>
		Promise.resolve(url.includes("right"))
	);
	return sent;
}

describe("the passwords of roles", () => {
	it("are sent as what the server stores, and not as they are", async () => {
		const sent = await statements({ order: "postgres://shop_orders:S%2Fecret@db:5432/shop" });
		expect(sent).toEqual([
			expect.stringMatching(/^alter role shop_orders password 'SCRAM-SHA-256\$4096:[^']+'$/)
		]);
		expect(sent.join()).not.toMatch(/S\/ecret|S%2Fecret/);
	});

	it.each<[string, string | undefined]>([
		["no URL", undefined],
		["another role", "postgres://own_role:secret@db:5432/shop"],
		["a role of another service", "postgres://shop_users:secret@db:5432/shop"],
		["no password", "postgres://shop_orders@db:5432/shop"],
		["a password that is right already", "postgres://shop_orders:right@db:5432/shop"]
	])("are left as they are with %s", async (_, order) => {
		expect(await statements({ order })).toEqual([]);
	});

	it("have the form of RFC 7677, whose example this is", () => {
		const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
		expect(scramVerifier("pencil", salt)).toBe(
			"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
		);
	});
});
