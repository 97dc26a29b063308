import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Prefixes of IPv6 addresses that hold an IPv4 address in their last 32 bits: mapped (RFC 4291) and NAT64 (RFC 6052). */
const holdsIPv4 = /^(0,0,0,0,0,65535|100,65435,0,0,0,0),(\d+),(\d+)$/;

/** The eight 16-bit groups. Node's URL parser knows all spellings; a zone (`%eth0`) is none of the address. */
function groupsOf(address: string): number[] {
	const [bare] = address.split("%");
	const [head = "", tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split("::");
	const numbers = (part: string) =>
		part === "" ? [] : part.split(":").map(group => parseInt(group, 16));
	if (tail === undefined) return numbers(head);
	const [left, right] = [numbers(head), numbers(tail)];
	return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** The address in one spelling, as IPv4 where it is that; undefined for what is no IP address. */
export function plainAddress(text: string): string | undefined {
	if (isIPv4(text)) return text;
	if (!isIPv6(text)) return undefined;
	const groups = groupsOf(text);
	const [, , high, low] = holdsIPv4.exec(groups.join()) ?? [];
	if (high === undefined) return groups.map(group => group.toString(16)).join(":");
	return [Number(high) >> 8, Number(high) & 255, Number(low) >> 8, Number(low) & 255].join(".");
}

/**
 * The network by which requests are counted, undefined for what is no IP address: an IPv4 address (`192.0.2.7`), or the
 * first 64 bits of an IPv6 address (`2001:db8:0:1::/64`), because one host has all addresses of those.
 */
export function networkOf(address: string): string | undefined {
	const plain = plainAddress(address);
	if (plain === undefined || isIPv4(plain)) return plain;
	return `${plain.split(":").slice(0, 4).join(":")}::/64`;
}

/** A set of networks. */
export class Networks {
	readonly #list = new BlockList();

	/** @throws RangeError with what is neither an address nor a network of a part of the internet */
	constructor(entries: readonly string[]) {
		for (const entry of entries) this.#add(entry);
	}

	get isEmpty(): boolean {
		return this.#list.rules.length === 0;
	}

	/** False for what is no IP address. */
	has(address: string): boolean {
		const plain = plainAddress(address);
		return plain !== undefined && this.#list.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
	}

	#add(entry: string): void {
		const [, address = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
		const plain = plainAddress(address);
		if (plain === undefined) throw new RangeError(`"${entry}" is no IP address or network`);
		const family = isIPv4(plain) ? "ipv4" : "ipv6";
		const bits = family === "ipv4" ? 32 : 128;
		// `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
		const written = isIPv4(address) ? 32 : 128;
		const prefix = length === undefined ? bits : Number(length) - (written - bits);
		if (prefix < 1 || prefix > bits)
			throw new RangeError(`"${entry}" has no prefix length from 1 to ${written}`);
		this.#list.addSubnet(plain, prefix, family);
	}
}
