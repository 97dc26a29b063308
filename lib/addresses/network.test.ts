import { isIP } from "node:net";
import fc from "fast-check";
import { Networks, networkOf, plainAddress } from "./network.ts";

describe("the network of an address", () => {
	it.each([
		["192.0.2.7", "192.0.2.7"],
		["0.0.0.0", "0.0.0.0"],
		["255.255.255.255", "255.255.255.255"],
		["::ffff:192.0.2.7", "192.0.2.7"],
		["::FFFF:192.0.2.7", "192.0.2.7"],
		["::ffff:c000:207", "192.0.2.7"],
		["0:0:0:0:0:ffff:c000:0207", "192.0.2.7"],
		["64:ff9b::192.0.2.7", "192.0.2.7"],
		["64:ff9b::c000:207", "192.0.2.7"],
		["::192.0.2.7", "0:0:0:0::/64"],
		["::ffff:0:192.0.2.7", "0:0:0:0::/64"],
		["::1", "0:0:0:0::/64"],
		["::", "0:0:0:0::/64"],
		["2001:db8::1", "2001:db8:0:0::/64"],
		["2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8:0:0::/64"],
		["2001:DB8::", "2001:db8:0:0::/64"],
		["2001:0db8:0000:0001:0000:0000:0000:0001", "2001:db8:0:1::/64"],
		["2001:db8:0:1:1::", "2001:db8:0:1::/64"],
		["2001:db8:0:2::1", "2001:db8:0:2::/64"],
		["2001:db8:1::192.0.2.7", "2001:db8:1:0::/64"],
		["fe80::1%eth0", "fe80:0:0:0::/64"],
		["1:2:3:4:5:6:7:8", "1:2:3:4::/64"],
		["1:2:3:4:5:6:7::", "1:2:3:4::/64"],
		["::2:3:4:5:6:7:8", "0:2:3:4::/64"]
	])("of %s is %s", (address, network) => {
		expect(networkOf(address)).toBe(network);
	});

	it.each([
		"",
		" ",
		"unknown",
		"_hidden",
		"localhost",
		"1.2.3",
		"1.2.3.4.5",
		"256.0.0.1",
		"01.2.3.4",
		"0x7f.0.0.1",
		"2130706433",
		"1.2.3.4:80",
		"[::1]",
		":::",
		"1::2::3",
		"12345::",
		"1.2.3.4/32",
		" 1.2.3.4",
		"1.2.3.4\n",
		"٣.2.3.4"
	])("of %j is none", text => {
		expect(networkOf(text)).toBeUndefined();
	});

	it("is the same for every spelling of an address, and for all of its /64", () => {
		fc.assert(
			fc.property(fc.ipV6(), fc.ipV6(), (address, other) => {
				const plain = plainAddress(address)!;
				expect(isIP(plain)).not.toBe(0);
				expect(plainAddress(plain)).toBe(plain);
				expect(networkOf(address.toUpperCase())).toBe(networkOf(address));
				if (isIP(plain) === 4) return;
				const end = plainAddress(other)!.split(":").slice(4);
				const neighbour = [...plain.split(":").slice(0, 4), ...end].join(":");
				if (end.length === 4 && isIP(plainAddress(neighbour)!) === 6)
					expect(networkOf(neighbour)).toBe(networkOf(address));
			})
		);
	});
});

describe("a set of networks", () => {
	const networks = new Networks([
		"10.0.0.0/8",
		"192.0.2.7",
		"198.51.100.9/24",
		"2001:db8::/32",
		"::1",
		"::ffff:203.0.113.0/120"
	]);

	it.each([
		"10.0.0.1",
		"10.255.255.255",
		"::ffff:10.1.2.3",
		"::ffff:a01:203",
		"192.0.2.7",
		"198.51.100.0",
		"198.51.100.255",
		"2001:db8:ffff::1",
		"2001:0DB8::",
		"::1",
		"0:0:0:0:0:0:0:1",
		"203.0.113.77"
	])("has %s", address => {
		expect(networks.has(address)).toBe(true);
	});

	it.each([
		"11.0.0.1",
		"9.255.255.255",
		"192.0.2.8",
		"198.51.101.0",
		"2001:db9::1",
		"::2",
		"203.0.114.1",
		"0.0.0.1",
		"",
		"unknown",
		"10.0.0.1:80"
	])("has not %s", address => {
		expect(networks.has(address)).toBe(false);
	});

	it("may be empty", () => {
		expect(new Networks([]).has("127.0.0.1")).toBe(false);
	});

	it.each([
		"",
		"10.0.0.0/",
		"10.0.0.0/0",
		"0.0.0.0/0",
		"::/0",
		"10.0.0.0/33",
		"2001:db8::/129",
		"::ffff:10.0.0.0/96",
		"::ffff:10.0.0.0/64",
		"10.0.0.0/8/8",
		"10.0.0.0/-1",
		"10.0.0.0/255.0.0.0",
		"10.0.0",
		"loopback",
		"*"
	])("refuses %j", entry => {
		expect(() => new Networks(["10.0.0.1", entry])).toThrow(RangeError);
	});
});
