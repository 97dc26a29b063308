import { isLoopback } from "./loopback.ts";

describe("an address of this host alone", () => {
	it.each([
		["127.0.0.1", true],
		["127.255.0.9", true],
		["::1", true],
		["0:0:0:0:0:0:0:1", true],
		["::ffff:127.0.0.1", true],
		["128.0.0.1", false],
		["10.0.0.1", false],
		["::2", false],
		["::ffff:10.0.0.1", false],
		["localhost", false],
		["", false]
	])("%s: %s", (address, expected) => {
		expect(isLoopback(address)).toBe(expected);
	});
});
