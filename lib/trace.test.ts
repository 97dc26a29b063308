import { traceparentOf } from "./trace.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const given = `00-${trace}-00f067aa0ba902b7-01`;
const hex = (bytes: number) => "ab".repeat(bytes);
const own = "ab".repeat(8);
const begun = `00-${"ab".repeat(16)}-${own}-00`;

it.each([
	["is continued, with a span of our own", given, `00-${trace}-${own}-01`],
	["is continued unsampled", `00-${trace}-00f067aa0ba902b7-00`, `00-${trace}-${own}-00`],
	[
		"keeps no flag that version 00 does not define",
		`00-${trace}-00f067aa0ba902b7-ff`,
		`00-${trace}-${own}-01`
	],
	[
		"of a later version is continued",
		`cc-${trace}-00f067aa0ba902b7-01-what-comes`,
		`00-${trace}-${own}-01`
	],
	["of version ff is invalid", `ff-${trace}-00f067aa0ba902b7-01`, begun],
	["of version 00 with more fields is invalid", `${given}-more`, begun],
	["of zeros is invalid", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, begun],
	["with a span of zeros is invalid", `00-${trace}-${"0".repeat(16)}-01`, begun],
	["in upper case is invalid", given.toUpperCase(), begun],
	["that is missing is started", undefined, begun],
	["that occurs twice is invalid", `${given}, ${given}`, begun]
])("a trace %s", (_, header, wanted) => {
	expect(traceparentOf(header, hex)).toBe(wanted);
});
