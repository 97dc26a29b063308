import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";
import { Networks, plainAddress } from "./network.ts";

/** All IPv6 unicast addresses that are given out (RFC 4291, section 2.4, and IANA's registry). */
const global = new Networks(["2000::/3"]);

/**
 * Whether an IP address is one of the public internet: not loopback, private, link-local, multicast or reserved (the
 * special-purpose registries of IANA, RFC 6890), also when an IPv6 address holds such an IPv4 address. False for what is
 * no IP address.
 */
export function isPublicAddress(address: string): boolean {
	const plain = plainAddress(address);
	if (plain === undefined || ipaddr.process(plain).range() !== "unicast") return false;
	return isIPv4(plain) || global.has(plain);
}
