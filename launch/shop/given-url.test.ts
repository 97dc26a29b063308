import { shopUrl } from "./given-url.ts";

it.each([
	["http://localhost:18080", "http://localhost:18080"],
	["https://shop.example/", "https://shop.example"],
	["http://[::1]:80//", "http://[::1]:80"]
])("takes %s as %s", (given, url) => {
	expect(shopUrl(given)).toBe(url);
});

it.each([
	["localhost:18080", "http://localhost:18080"],
	["shop.example", "http://shop.example"],
	["//shop.example", "http://shop.example"],
	["ftp://shop.example", "http://shop.example"],
	["", "http://localhost:8080"],
	["http://", "http://localhost:8080"],
	["http://a b", "http://localhost:8080"]
])("says how %j must begin, by the example of %s", (given, example) => {
	const take = () => shopUrl(given);
	expect(take).toThrow(`must begin with http:// or https://, as in --url ${example}:`);
	expect(take).toThrow(expect.objectContaining({ exitCode: 64 }));
});
