import { errorInWords, retryAfterMs } from "./answer-in-words.ts";
import { TargetRefused } from "./guarded-lookup.ts";

const coded = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

it.each([
	[500, "it answered 500"],
	[301, "it answered 301: redirects are not followed"],
	[coded("ECONNREFUSED"), "the connection was refused"],
	[coded("ENOTFOUND"), "the host name is unknown"],
	[new DOMException("aborted", "TimeoutError"), "no answer within 15 s"],
	[coded("ABORT_ERR"), "no answer within 15 s"],
	[Object.assign(new Error(""), { errors: [coded("ECONNREFUSED")] }), "the connection was refused"],
	[
		new TargetRefused("erp.example: 10.0.0.1 is no public address"),
		"erp.example: 10.0.0.1 is no public address"
	],
	[new Error("self-signed certificate"), "self-signed certificate"],
	[new Error("x".repeat(999)), "x".repeat(300)]
])("a failure has its words", (failure, words) => {
	expect(errorInWords(failure, 15_000)).toBe(words);
});

it.each([
	[{}, undefined],
	[{ "retry-after": "120" }, 120_000],
	[{ "retry-after": "0" }, 0],
	[{ "retry-after": "-5" }, undefined],
	[{ "retry-after": "soon" }, undefined],
	[
		{ "retry-after": "Mon, 30 Nov 2026 10:01:00 GMT", date: "Mon, 30 Nov 2026 10:00:00 GMT" },
		60_000
	],
	[{ "retry-after": "Mon, 30 Nov 2026 09:00:00 GMT", date: "Mon, 30 Nov 2026 10:00:00 GMT" }, 0],
	[{ "retry-after": "Mon, 30 Nov 2026 09:00:00 GMT" }, undefined]
])("Retry-After: %j", (headers, ms) => {
	expect(retryAfterMs(headers)).toBe(ms);
});
