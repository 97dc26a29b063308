import { traceparentOf } from "./trace.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const given = `00-${trace}-00f067aa0ba902b7-01`;
const hex = (bytes: number) => "ab".repeat(bytes);
const own = "ab".repeat(8);
const begun = `00-${"ab".repeat(16)}-${own}-00`;

it.each([
	["goes on, with a span of its own", given, `00-${trace}-${own}-01`],
	["goes on unsampled", `00-${trace}-00f067aa0ba902b7-00`, `00-${trace}-${own}-00`],
	[
		"keeps no flag that version 00 does not know",
		`00-${trace}-00f067aa0ba902b7-ff`,
		`00-${trace}-${own}-01`
	],
	[
		"of a later version goes on",
		`cc-${trace}-00f067aa0ba902b7-01-what-comes`,
		`00-${trace}-${own}-01`
	],
	["of version ff is none", `ff-${trace}-00f067aa0ba902b7-01`, begun],
	["of version 00 that says more is none", `${given}-more`, begun],
	["of zeros is none", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, begun],
	["with a span of zeros is none", `00-${trace}-${"0".repeat(16)}-01`, begun],
	["in capitals is none", given.toUpperCase(), begun],
	["that is missing begins", undefined, begun],
	["that is twice is none", `${given}, ${given}`, begun]
])("a trace %s", (_, header, wanted) => {
	expect(traceparentOf(header, hex)).toBe(wanted);
});
