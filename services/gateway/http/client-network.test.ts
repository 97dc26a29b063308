import type { IncomingMessage } from "node:http";
import { Networks } from "../../../lib/addresses/network.ts";
import { clientNetwork } from "./client-network.ts";

const proxies = new Networks(["10.0.0.0/8", "192.0.2.1", "2001:db8:ffff::/48"]);

const request = (remoteAddress: string | undefined, ...forwarded: string[]) =>
	({
		socket: { remoteAddress },
		headersDistinct: forwarded.length > 0 ? { "x-forwarded-for": forwarded } : {}
	}) as unknown as IncomingMessage;

const network = (...of: Parameters<typeof request>) => clientNetwork(request(...of), proxies);

describe("the network of a client", () => {
	it.each([
		["203.0.113.5", "203.0.113.5"],
		["::ffff:203.0.113.5", "203.0.113.5"],
		["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
		["10.0.0.1", "10.0.0.1"],
		["127.0.0.1", "127.0.0.1"],
		[undefined, "gone"],
		["", "gone"]
	])("that connects from %s without the header is %s", (peer, expected) => {
		expect(network(peer)).toBe(expected);
	});

	it.each([
		["203.0.113.5", "198.51.100.7"],
		["203.0.113.5", "10.0.0.1"],
		["127.0.0.1", "198.51.100.7"],
		["::1", "198.51.100.7"],
		["192.0.2.2", "198.51.100.7"]
	])("that is no trusted proxy (%s) is its own, whatever it claims (%s)", (peer, claim) => {
		expect(network(peer, claim)).toBe(network(peer));
	});

	it.each<[string, string[], string]>([
		["the only entry", ["198.51.100.7"], "198.51.100.7"],
		["the last entry", ["1.1.1.1, 198.51.100.7"], "198.51.100.7"],
		["the last that is no proxy", ["1.1.1.1, 198.51.100.7, 10.1.1.1"], "198.51.100.7"],
		["behind several proxies", ["198.51.100.7,192.0.2.1 , 10.9.9.9,10.1.1.1"], "198.51.100.7"],
		["not what stands before it", ["10.0.0.5, 198.51.100.7"], "198.51.100.7"],
		["not a proxy that a client claims", ["8.8.8.8, 10.0.0.5, 198.51.100.7"], "198.51.100.7"],
		["in the last of several headers", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"],
		["across several headers", ["198.51.100.7", "10.1.1.1"], "198.51.100.7"],
		["IPv6", ["2001:db8:1:2:3::9"], "2001:db8:1:2::/64"],
		["IPv6 in brackets", ["[2001:db8:1:2:3::9]"], "2001:db8:1:2::/64"],
		["IPv6 with a port", ["[2001:db8:1:2:3::9]:4711"], "2001:db8:1:2::/64"],
		["IPv4 with a port", ["198.51.100.7:4711"], "198.51.100.7"],
		["mapped", ["::ffff:198.51.100.7"], "198.51.100.7"],
		["behind an IPv6 proxy", ["198.51.100.7, 2001:db8:ffff::1"], "198.51.100.7"],
		["an inner client, if all are proxies", ["10.2.2.2, 10.1.1.1"], "10.2.2.2"],
		["the entry, though a client claims nonsense", ["nonsense, 198.51.100.7"], "198.51.100.7"],
		["the entry, after empty claims", [",,198.51.100.7"], "198.51.100.7"]
	])("that a trusted proxy passes on is %s", (_, forwarded, expected) => {
		expect(network("10.0.0.1", ...forwarded)).toBe(expected);
		expect(network("::ffff:10.0.0.1", ...forwarded)).toBe(expected);
	});

	it.each([
		"unknown",
		"_obfuscated",
		" ",
		"198.51.100.7,",
		"198.51.100.7, unknown",
		"198.51.100.7, unknown, 10.1.1.1",
		"198.51.100.7;10.1.1.1",
		"for=198.51.100.7",
		"198.51.100.300",
		"198.51.100.7:port",
		"[198.51.100.7]:80:80",
		"[2001:db8::1",
		"2001:db8::1]"
	])("is that of the proxy, if its header is malformed: %j", forwarded => {
		expect(network("10.0.0.1", forwarded)).toBe("10.0.0.1");
	});

	it("is read once through a header as long as a header may be", () => {
		expect(network("10.0.0.1", "10.1.1.1,".repeat(1800) + "10.1.1.2")).toBe("10.1.1.1");
	});
});
