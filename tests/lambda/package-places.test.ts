import { readFileSync } from "node:fs";
import { join } from "node:path";
import { plantIn } from "../deployment/planted.ts";
import { files, packagePlaces } from "./package-places.ts";

const root = join(import.meta.dirname, "../..");
type Name = keyof typeof files;

const texts = Object.fromEntries(
	Object.entries(files).map(([name, path]) => [name, readFileSync(join(root, path), "utf8")])
) as Record<Name, string>;

const built = "lambda/dist/notification.zip";

it("the package is deployed from where it is built", () => {
	expect(packagePlaces(texts)).toEqual({
		script: built,
		template: built,
		variables: built,
		readme: built,
		guide: built
	});
});

it("the script writes to its default, and says so", () => {
	expect(texts.script).toContain("values.output ?? join(root, defaultOutput)");
	expect(texts.script).toContain("default ${defaultOutput}`");
});

it.each<[Name, from: string, to: string, place: string]>([
	["script", '"lambda/dist/notification.zip"', '"dist/notification.zip"', "dist/notification.zip"],
	["template", "CodeUri: dist/", "CodeUri: build/", "lambda/build/notification.zip"],
	["template", "CodeUri: dist/", "CodeUri: lambda/dist/", "lambda/lambda/dist/notification.zip"],
	[
		"variables",
		'"../../lambda/dist/',
		'"../lambda/dist/',
		"terraform/lambda/dist/notification.zip"
	],
	["variables", "notification.zip", "function.zip", "lambda/dist/function.zip"],
	["readme", "dist/notification.zip", "dist/index.zip", "lambda/dist/index.zip"],
	["guide", "dist/notification.zip", "dist/index.zip", "lambda/dist/index.zip"]
])("in the %s %s as %s is another place", (name, from, to, place) => {
	const changed = { ...texts, [name]: plantIn(texts[name], from, to).text };
	expect(packagePlaces(changed)).toEqual({ ...packagePlaces(texts), [name]: place });
});
