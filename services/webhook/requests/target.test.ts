import { Networks } from "../../../lib/addresses/network.ts";
import { targetUrl } from "./target.ts";

const none = new Networks([]);
const some = new Networks(["10.20.0.0/16", "127.0.0.1", "::1"]);
const problemOf = (url: string, allowed: Networks) => {
	try {
		return targetUrl(url, allowed);
	} catch (error) {
		const { errors } = (error as { data: { errors: { detail: string }[] } }).data;
		return errors.map(({ detail }) => detail).join();
	}
};

describe("the URL of a webhook", () => {
	it.each([
		["https://erp.example/hook?key=1", "https://erp.example/hook?key=1"],
		["https://ERP.example:8443", "https://erp.example:8443/"],
		["https://1.1.1.1/", "https://1.1.1.1/"],
		["https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"]
	])("is taken in its normal form: %s", (given, url) => {
		expect(problemOf(given, none)).toBe(url);
	});

	it.each([
		["erp.example/hook", /must be a URL/],
		["/hook", /must be a URL/],
		["https://", /must be a URL/],
		["http://erp.example/", /must begin with https/],
		["ftp://erp.example/", /must begin with https/],
		["file:///etc/passwd", /must begin with https/],
		["javascript:alert(1)", /must begin with https/],
		["https://user@erp.example/", /no user/],
		["https://:secret@erp.example/", /no user/],
		["https://erp.example/#top", /no fragment/],
		["https://127.0.0.1/", /127\.0\.0\.1 is no public address/],
		["https://127.1/", /no public address/],
		["https://2130706433/", /no public address/],
		["https://0x7f000001/", /no public address/],
		["https://017700000001/", /no public address/],
		["https://0/", /no public address/],
		["https://10.20.0.1/", /no public address/],
		["https://169.254.169.254/latest/meta-data/", /no public address/],
		["https://[::1]/", /no public address/],
		["https://[::]/", /no public address/],
		["https://[::ffff:10.0.0.1]/", /no public address/],
		["https://[64:ff9b::a00:1]/", /no public address/],
		["https://[fd00::1]/", /no public address/],
		["https://localhost/", /no public address/],
		["https://LOCALHOST./", /no public address/],
		["https://shop.localhost/", /no public address/],
		["https://①②⑦.0.0.1/", /no public address/]
	])("is refused without an exception: %s", (url, problem) => {
		expect(problemOf(url, none)).toMatch(problem);
	});

	it.each([
		["http://10.20.3.4/hook", /^http:\/\/10\.20\.3\.4\/hook$/],
		["http://127.0.0.1:9000/", /^http/],
		["http://localhost:9000/", /^http/],
		["http://[::1]:9000/", /^http/],
		["http://receiver.internal/", /^http/],
		["https://10.20.3.4/", /^https/],
		["http://10.21.0.1/", /no public address/],
		["http://127.0.0.2/", /no public address/],
		["http://1.1.1.1/", /is public, and http/]
	])("with exceptions: %s", (url, result) => {
		expect(problemOf(url, some)).toMatch(result);
	});
});
