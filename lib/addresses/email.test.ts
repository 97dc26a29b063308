import { shownEmail, storedEmail } from "./email.ts";
import { T } from "../schema.ts";
import { validate } from "../validator.ts";

const sixtyFour = "l".repeat(64);
const long = Array.from({ length: 4 }, () => "d".repeat(44)).join(".");

it.each([
	["jo@example.com", "jo@example.com"],
	["Jo.Doe+shop@Example.COM", "jo.doe+shop@example.com"],
	["jo@bücher.example", "jo@xn--bcher-kva.example"],
	["jo@BÜCHER.example", "jo@xn--bcher-kva.example"],
	["jo@bu\u0308cher.example", "jo@xn--bcher-kva.example"],
	["jo@xn--bcher-kva.example", "jo@xn--bcher-kva.example"],
	["jo@例え.テスト", "jo@xn--r8jz45g.xn--zckzah"],
	["jo@例え。テスト", "jo@xn--r8jz45g.xn--zckzah"],
	["jo@пример.рф", "jo@xn--e1afmkfd.xn--p1ai"],
	["jo@مثال.إختبار", "jo@xn--mgbh0fb.xn--kgbechtv"],
	["jo@उदाहरण.परीक्षा", "jo@xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g"],
	["jo@straße.example", "jo@xn--strae-oqa.example"],
	["jo@ｅｘａｍｐｌｅ.com", "jo@example.com"],
	["jo@3com.example", "jo@3com.example"],
	["o'neil@example.com", "o'neil@example.com"],
	[`${sixtyFour}@example.com`, `${sixtyFour}@example.com`],
	[`jo@${long}.example`, `jo@${long}.example`]
])("%s is stored as %s", (address, stored) => {
	expect(storedEmail(address)).toBe(stored);
	expect(storedEmail(shownEmail(stored))).toBe(stored);
	expect(validate(T.String({ format: "idn-email" }), address)).toEqual([]);
});

it.each([
	["no @", "jo.example.com"],
	["no local part", "@example.com"],
	["no domain", "jo@"],
	["a domain of one label", "jo@localhost"],
	["two @", "jo@doe@example.com"],
	["a local part of 65 characters", `l${sixtyFour}@example.com`],
	["more than 254 characters", `${sixtyFour}@${long}.example.example`],
	["more than 254 characters in ASCII", `jo@${`${"ü".repeat(43)}.`.repeat(5)}example`],
	["a label of 64 characters", `jo@${"d".repeat(64)}.example`],
	["an empty label", "jo@example..com"],
	["a dot at the end", "jo@example.com."],
	["a hyphen at the end of a label", "jo@example-.com"],
	["an underscore in the domain", "jo@ex_ample.com"],
	["a label that is no punycode", "jo@xn--\u00fc.example"],
	["a broken A-label", "jo@xn--a.example"],
	["a dot at the start of the local part", ".jo@example.com"],
	["two dots in the local part", "jo..doe@example.com"],
	["a local part in Unicode", "jö@example.com"],
	["a quoted local part", '"jo doe"@example.com'],
	["a blank", "jo @example.com"],
	["a blank at the end", "jo@example.com "],
	["a line break", "jo@example.com\r\nBcc: eve@example.com"],
	["a right-to-left override", "jo@example\u202e.com"],
	["NUL", "jo@example\u0000.com"],
	["an IPv4 address", "jo@127.0.0.1"],
	["an IPv4 address in hexadecimal", "jo@0x7f.1"],
	["an address literal", "jo@[127.0.0.1]"],
	["percent-encoding", "jo@ex%61mple.com"],
	["a port", "jo@example.com:25"],
	["a path", "jo@example.com/x"],
	["nothing", ""]
])("an address with %s is none", (_, address) => {
	expect(storedEmail(address)).toBeUndefined();
	expect(validate(T.String({ format: "idn-email" }), address)).toHaveLength(1);
});

it.each([
	["jo@xn--bcher-kva.example", "jo@bücher.example"],
	["jo@xn--r8jz45g.xn--zckzah", "jo@例え.テスト"],
	["jo@example.com", "jo@example.com"]
])("%s is shown as %s", (stored, shown) => {
	expect(shownEmail(stored)).toBe(shown);
});
