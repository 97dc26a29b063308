import dns from "node:dns";
import type { LookupFunction } from "node:net";
import { Networks } from "../../../lib/addresses/network.ts";
import { guardedLookup } from "./guarded-lookup.ts";

let answers: { address: string; family: number }[];
let lookups = 0;

jest.mock("node:dns", () => {
	const real = jest.requireActual<typeof dns>("node:dns");
	return { ...real, lookup: jest.fn() };
});

beforeEach(() => {
	lookups = 0;
	(dns.lookup as unknown as jest.Mock).mockImplementation(
		(_host: string, _options: object, callback: (error: null, all: typeof answers) => void) => {
			lookups++;
			setImmediate(callback, null, answers);
		}
	);
});

function look(lookup: LookupFunction, options: object = { all: true }): Promise<unknown> {
	return new Promise((resolve, reject) =>
		lookup("erp.example", options, (error, address, family) =>
			error ? reject(error) : resolve(family ? [address, family] : address)
		)
	);
}

const [open, nothing] = [new Networks(["10.0.0.0/8"]), new Networks([])];
const four = (address: string) => ({ address, family: 4 });

describe("a lookup for a webhook", () => {
	it("answers public addresses only", async () => {
		answers = [four("127.0.0.1"), four("1.1.1.1"), { address: "fd00::1", family: 6 }];
		expect(await look(guardedLookup("https:", nothing))).toEqual([four("1.1.1.1")]);
		expect(await look(guardedLookup("https:", nothing), {})).toEqual(["1.1.1.1", 4]);
	});

	it("refuses a name that has no other", async () => {
		answers = [four("10.0.0.7")];
		await expect(look(guardedLookup("https:", nothing))).rejects.toThrow(
			"erp.example: 10.0.0.7 is no public address"
		);
		await expect(look(guardedLookup("https:", nothing), {})).rejects.toThrow("no public");
		expect(await look(guardedLookup("http:", open))).toEqual(answers);
	});

	it("refuses a public address without TLS", async () => {
		answers = [four("1.1.1.1")];
		await expect(look(guardedLookup("http:", open))).rejects.toThrow("1.1.1.1 is public");
	});

	it("answers the family that is asked for", async () => {
		answers = [four("1.1.1.1"), { address: "2606:4700::1", family: 6 }];
		expect(await look(guardedLookup("https:", nothing), { family: 6 })).toEqual([
			"2606:4700::1",
			6
		]);
		answers = [four("1.1.1.1")];
		await expect(look(guardedLookup("https:", nothing), { family: 6 })).rejects.toThrow(
			"erp.example"
		);
	});

	it("is one for all that wait for the same name", async () => {
		answers = [four("1.1.1.1")];
		const lookup = guardedLookup("https:", nothing);
		await Promise.all([look(lookup), look(lookup), look(lookup)]);
		expect(lookups).toBe(1);
		await look(lookup);
		expect(lookups).toBe(2);
	});
});
