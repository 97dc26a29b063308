import { isPublicAddress } from "./public-address.ts";

/** Of the special-purpose registries of IANA, one of each range at least. */
const special = [
	"0.0.0.0",
	"10.0.0.1",
	"100.64.0.1",
	"127.0.0.1",
	"127.255.255.254",
	"169.254.169.254",
	"172.16.0.1",
	"172.31.255.255",
	"192.0.0.1",
	"192.0.2.1",
	"192.168.0.1",
	"198.18.0.1",
	"198.51.100.1",
	"203.0.113.1",
	"224.0.0.1",
	"240.0.0.1",
	"255.255.255.255",
	"::",
	"::1",
	"::ffff:127.0.0.1",
	"::ffff:a00:1",
	"::127.0.0.1",
	"64:ff9b::10.0.0.1",
	"64:ff9b:1::1",
	"4000::1",
	"5f00::1",
	"100::1",
	"2001::1",
	"2001:db8::1",
	"2002:7f00:1::1",
	"fc00::1",
	"fd12:3456::1",
	"fe80::1",
	"fe80::1%eth0",
	"fec0::1",
	"ff02::1"
];
const common = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111"];
const none = ["", "localhost", "example.com", "1.2.3", "1.2.3.4.5", "0x7f.1", ":::", "1.1.1.1/32"];

it.each(special)("%s is no public address", address => {
	expect(isPublicAddress(address)).toBe(false);
});

it.each(common)("%s is a public address", address => {
	expect(isPublicAddress(address)).toBe(true);
});

it.each(none)("%p is no address at all", text => {
	expect(isPublicAddress(text)).toBe(false);
});
