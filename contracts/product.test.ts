import { validate } from "../lib/validator.ts";
import { product } from "./product.ts";

/** Addresses of images, as they are given with a product. */
const issues = (image_url: unknown) =>
	validate(product.actions.update.params, { id: "prod-001", image_url }).map(
		({ pointer, detail }) => `${pointer} ${detail}`
	);

it.each([
	null,
	"/images/prod-001.svg",
	"https://cdn.example",
	"https://cdn.example/",
	"https://cdn.example:8443/a/b%20c.webp?w=200&h=100#x",
	`https://cdn.example/${"a".repeat(980)}`
])("takes the image %j", image_url => {
	expect(issues(image_url)).toEqual([]);
});

it.each([
	"",
	"prod-001.svg",
	"/images/",
	"/images/../secret",
	"/images/a/b.svg",
	"/docs/a.png",
	"//cdn.example/a.png",
	"http://cdn.example/a.png",
	"https://",
	"https:///a.png",
	"https://-cdn.example/a.png",
	"https://user:x@cdn.example/a.png",
	"https://cdn.example:0/a.png",
	"https://cdn.example/a b.png",
	"https://cdn.example/a\n.png",
	'https://cdn.example/"><script>',
	"https://cdn.example\\@evil.example/",
	"javascript:alert(1)",
	"data:image/png;base64,AA==",
	7
])("refuses the image %j, and says what it must be", image_url => {
	expect(issues(image_url)[0]).toMatch(/^\/image_url must be /);
});

it("refuses one that is too long", () => {
	expect(issues(`https://cdn.example/${"a".repeat(981)}`)).toEqual([
		"/image_url must NOT have more than 1000 characters"
	]);
});
