import { terraformFolders } from "../../../scripts/terraform/module-pages.ts";
import { describeWith } from "../../support/describe-with.ts";
import { rulesThatRefuseNothing, wrongValue } from "./refusals.rules.ts";
import { inPool } from "./terraform-program.ts";

const folders = terraformFolders.map(folder => folder.replace("terraform/", ""));

/** With a rule that takes everything. */
const broken = (text: string) =>
	text.replace(/condition +=.*var\.kept_images.*/, "condition     = var.kept_images != 0");

const withinMs = 900_000;

describeWith("terraform")("variables of Terraform", () => {
	const found = new Map<string, string[]>();

	beforeAll(async () => {
		const jobs: [name: string, run: () => Promise<string[]>][] = folders.map(folder => [
			folder,
			() => rulesThatRefuseNothing(folder)
		]);
		jobs.push(["broken", () => rulesThatRefuseNothing("aws/modules/ecr", broken)]);
		await inPool(jobs, async ([name, run]) => void found.set(name, await run()));
	}, withinMs);

	it.each(folders)("of %s are refused with the message of each rule", folder => {
		expect(found.get(folder)).toEqual([]);
	});

	it("with a rule that refuses nothing are reported", () => {
		expect(found.get("broken")).toEqual([
			"kept_images: kept_images must be 2 to 1000: the way back needs the image before."
		]);
	});
});

it.each([
	["string", '"?"'],
	["map(list(number))", '{ "?" = [-1] }'],
	["object({ a = string, b = optional(set(bool), []) })", '{ a = "?", b = [true] }'],
	["list(object({\n    a = number\n    b = string\n  }))", '[{ a = -1, b = "?" }]']
])("a wrong value of %j is %s", (type, value) => {
	expect(wrongValue(type)).toBe(value);
});

it("a type that is not known has no wrong value", () => {
	expect(() => wrongValue("any")).toThrow("no wrong value of any");
});
