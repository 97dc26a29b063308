import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { checkForm } from "./request-form.ts";

/** A request with this target and these headers, as Node's parser makes it. */
function requestOf(url: string, headers: readonly (readonly [string, string])[], version = "1.1") {
	const req = new IncomingMessage(new Socket());
	req.url = url;
	req.httpVersion = version;
	req.rawHeaders = headers.flat();
	for (const [name, value] of headers) req.headers[name.toLowerCase()] = value;
	// Lazily computed by Node from the raw headers of its parser.
	const distinct = Map.groupBy(headers, ([name]) => name.toLowerCase());
	req.headersDistinct = Object.fromEntries(
		[...distinct].map(([name, list]) => [name, list.map(([, value]) => value)])
	);
	return req;
}

function resultOf(url: string, headers: [string, string][], version?: string): string {
	const req = requestOf(url, headers, version);
	try {
		checkForm(req);
		return req.url!;
	} catch (error) {
		return (error as { type: string }).type;
	}
}

const host = (value: string): [string, string][] => [["Host", value]];
const many = (count: number): [string, string][] =>
	Array.from({ length: count }, (_, n) => [`x-${n}`, "1"]);

describe("the form of a request", () => {
	it.each<[what: string, url: string, headers: [string, string][], result: string]>([
		["origin form", "/a?b=c", host("x"), "/a?b=c"],
		["a slash at the end", "/a/", host("x"), "NOT_FOUND"],
		["a slash before the query", "/a/?b=c", host("x"), "NOT_FOUND"],
		["a slash in the query", "/a?b=c/", host("x"), "/a?b=c/"],
		["the root", "/", host("x"), "/"],
		["absolute form", "http://x:80/a?b", host("x"), "/a?b"],
		["absolute form with the port", "http://x:8080/a", host("x:8080"), "/a"],
		["absolute form of TLS", "https://x/a", host("x:443"), "/a"],
		["absolute form in upper case", "HTTP://X/a", host("x"), "/a"],
		["absolute form without a path", "http://x", host("x"), "/"],
		["absolute form with a query alone", "http://x?b", host("x"), "/?b"],
		["absolute form of another host", "http://y/a", host("x"), "MALFORMED_REQUEST"],
		["absolute form of another port", "http://x:81/a", host("x:80"), "MALFORMED_REQUEST"],
		["absolute form with a user", "http://u@x/a", host("x"), "MALFORMED_REQUEST"],
		["absolute form with a slash at the end", "http://x/a/", host("x"), "NOT_FOUND"],
		["another scheme", "ftp://x/a", host("x"), "ftp://x/a"],
		["the asterisk", "*", host("x"), "*"],
		["an IPv6 host", "/a", host("[::1]:80"), "/a"],
		["an empty host", "/a", host(""), "/a"],
		["no host", "/a", [], "MALFORMED_REQUEST"],
		["two hosts", "/a", [...host("x"), ...host("y")], "MALFORMED_REQUEST"],
		["the same host twice", "/a", [...host("x"), ["hOST", "x"]], "MALFORMED_REQUEST"],
		["a list of hosts", "/a", host("x, y"), "MALFORMED_REQUEST"],
		["a host with a path", "/a", host("x/y"), "MALFORMED_REQUEST"],
		["a host with a user", "/a", host("u@x"), "MALFORMED_REQUEST"],
		["a host with a port that is none", "/a", host("x:http"), "MALFORMED_REQUEST"],
		["100 headers", "/a", [...host("x"), ...many(99)], "/a"],
		["101 headers", "/a", [...host("x"), ...many(100)], "HEADERS_TOO_LARGE"],
		["an expectation", "/a", [...host("x"), ["Expect", "100-Continue"]], "/a"],
		["another expectation", "/a", [...host("x"), ["Expect", "x"]], "EXPECTATION_FAILED"]
	])("with %s", (_, url, headers, result) => {
		expect(resultOf(url, headers)).toBe(result);
	});

	it("needs no host in HTTP/1.0", () => {
		expect(resultOf("/a", [], "1.0")).toBe("/a");
	});
});
