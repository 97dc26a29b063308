import { readFileSync } from "node:fs";
import { join } from "node:path";
import { firstRequests, sampleAddress } from "./first-requests.ts";

const root = join(import.meta.dirname, "../..");

it.each([
	["README.md"],
	["docs/tutorial.md"],
	["docs/webhooks.md"],
	["docs/clients.md"],
	["tests/e2e/rest/rest.demo.ts"]
])("the order in %s goes to the same address as that of the banner", path => {
	const text = readFileSync(join(root, path), "utf8").replaceAll(/\s+/g, " ");
	const addresses = text.match(/\{"street":[^}]*\}/g) ?? [];
	expect([...new Set(addresses)]).toEqual([sampleAddress]);
});

it("the first requests are commands that may be pasted", () => {
	const [list, place, orders] = firstRequests("http://localhost:8080");
	expect([list, orders]).toEqual([
		"curl http://localhost:8080/api/v1/products",
		"curl http://localhost:8080/api/v1/orders"
	]);
	const body = JSON.parse(/ -d '([^']+)'$/.exec(place!)![1]!) as Record<string, unknown>;
	expect(body.shipping_address).toEqual(JSON.parse(sampleAddress));
});
