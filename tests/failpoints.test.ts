import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { order } from "../contracts/order.ts";
import { payment } from "../contracts/payment.ts";
import { product } from "../contracts/product.ts";
import { failpoints } from "../lib/failpoint.ts";
import type { Contract, Actions } from "../lib/schema.ts";

const root = join(import.meta.dirname, "..");
const sources = globSync("{services,mixins,middlewares,db,streams}/**/*.ts", { cwd: root }).filter(
	path => !path.endsWith(".test.ts")
);

/** Every string in the product's source that looks like a failpoint of a service. */
const written = sources.flatMap(path => {
	const source = readFileSync(join(root, path), "utf8");
	return [
		...source.matchAll(
			/"((?:order|payment|product|stream|analytics|webhook)\.\w+\.(?:before|after)_\w+)"/g
		)
	].map(([, name]) => name!);
});

const replyOf = (contract: Contract<Actions>) =>
	Object.values(contract.actions).map(({ name }) => `${name}.before_reply`);
const replies = [order, payment, product].flatMap(replyOf);

describe("the list of failpoints", () => {
	const isReply = (name: string) => name.endsWith(".before_reply");

	it("equals the failpoints of the source, each at one place", () => {
		expect(written.toSorted()).toEqual(failpoints.filter(name => !isReply(name)).toSorted());
	});

	it("names replies of actions that exist", () => {
		expect(replies).toEqual(expect.arrayContaining(failpoints.filter(isReply)));
	});

	it("has no duplicates", () => {
		expect(new Set(failpoints).size).toBe(failpoints.length);
	});
});
