import { firstSampled, traceparentOf } from "./traceparent.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const given = `00-${trace}-00f067aa0ba902b7-01`;
const hex = (bytes: number) => "ab".repeat(bytes);
const own = "ab".repeat(8);
const generated = `00-${"ab".repeat(16)}-${own}-00`;

it.each([
	["is continued, with a span of our own, unsampled", given, `00-${trace}-${own}-00`],
	["is continued unsampled", `00-${trace}-00f067aa0ba902b7-00`, `00-${trace}-${own}-00`],
	[
		"keeps no flag that version 00 does not define",
		`00-${trace}-00f067aa0ba902b7-ff`,
		`00-${trace}-${own}-00`
	],
	[
		"of a later version is continued",
		`cc-${trace}-00f067aa0ba902b7-01-what-comes`,
		`00-${trace}-${own}-00`
	],
	["of version ff is invalid", `ff-${trace}-00f067aa0ba902b7-01`, generated],
	["of version 00 with more fields is invalid", `${given}-more`, generated],
	["of zeros is invalid", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, generated],
	["with a span of zeros is invalid", `00-${trace}-${"0".repeat(16)}-01`, generated],
	["in upper case is invalid", given.toUpperCase(), generated],
	["that is missing is started", undefined, generated],
	["that occurs twice is invalid", `${given}, ${given}`, generated]
])("a trace %s", (_, header, wanted) => {
	expect(traceparentOf(header, hex)).toBe(wanted);
});

it.each([
	["none", [], undefined],
	["none that is sampled", [undefined, `00-${trace}-${own}-00`, "x"], undefined],
	["the first that is", [undefined, `00-${trace}-${own}-00`, given, `00-${trace}-${own}-01`], given]
])("of several traces it is %s", (_, all, wanted) => {
	expect(firstSampled(all)).toBe(wanted);
});
