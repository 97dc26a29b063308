import type { IncomingMessage } from "node:http";
import { fail } from "../lib/errors.ts";

/** Node parses others too, as 2.0, and responds as it would to 1.1. */
const versions: ReadonlySet<string> = new Set(["1.0", "1.1"]);
/** Node parses more of them, and a few long ones are limited by their size. */
const maxHeaders = 100;
/** RFC 9110, section 7.2: a host of RFC 3986 and a port. It may be empty. */
const hostPattern = /^(?:\[[0-9a-f:.]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/i;
const absoluteForm = /^(https?):\/\/([^/?#]*)(.*)$/is;
const defaultPort: Readonly<Record<string, string>> = { http: ":80", https: ":443" };

const malformed = (detail: string): never => fail("MALFORMED_REQUEST", detail);

/** Without the port if it is the one of the scheme. */
function authorityOf(scheme: string, host: string): string {
	const port = defaultPort[scheme.toLowerCase()]!;
	return host.toLowerCase().replace(new RegExp(`:$|${port}$`), "");
}

/** The only Host. Two parts of a chain that read different ones would disagree about the request. */
function hostOf({ headersDistinct, httpVersion }: IncomingMessage): string | undefined {
	const hosts = headersDistinct.host ?? [];
	if (hosts.length > 1) malformed("The Host header occurs twice");
	if (hosts.length === 0 && httpVersion !== "1.0") malformed("The Host header is missing");
	if (hosts.length === 1 && !hostPattern.test(hosts[0]!)) malformed("The Host header is no host");
	return hosts[0];
}

/** The path and query of an absolute form (RFC 9112, section 3.2.2), whose host must be that of the Host header. */
function targetOf(url: string, host: string | undefined): string {
	const [, scheme, authority, target] = absoluteForm.exec(url) ?? [];
	if (scheme === undefined) return url;
	if (host !== undefined && authorityOf(scheme, authority!) !== authorityOf(scheme, host))
		malformed("The request target and the Host header name different hosts");
	return target!.startsWith("/") ? target! : `/${target!}`;
}

/**
 * Refuses requests that two parts of a chain could read differently, and those to which Node would respond without a
 * body. Replaces an absolute form of the request target by its path and query. A path has one spelling, without a slash
 * at its end.
 * @throws MALFORMED_REQUEST, HEADERS_TOO_LARGE, EXPECTATION_FAILED, NOT_FOUND
 */
export function checkForm(req: IncomingMessage): void {
	if (!versions.has(req.httpVersion)) malformed("The version of HTTP is neither 1.1 nor 1.0");
	if (req.rawHeaders.length / 2 > maxHeaders)
		fail("HEADERS_TOO_LARGE", `There are more than ${maxHeaders} headers`);
	const target = targetOf(req.url!, hostOf(req));
	req.url = target;
	const { expect } = req.headers;
	if (expect !== undefined && expect.toLowerCase() !== "100-continue") fail("EXPECTATION_FAILED");
	const path = target.split("?", 1)[0]!;
	if (path.length > 1 && path.endsWith("/")) fail("NOT_FOUND");
}
