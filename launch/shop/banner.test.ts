import { banner, type BannerFacts } from "./banner.ts";

const facts: BannerFacts = {
	command: "start",
	url: "http://localhost:8080",
	publicUrl: "http://localhost:8080",
	demo: true,
	dataDir: "/data",
	embedded: true,
	payment: { provider: "simulator", apiUrl: "" }
};

it.each<[Partial<BannerFacts>, string | undefined]>([
	[{}, "npm start -- --fresh"],
	[{ command: "dev" }, "npm run dev -- --fresh"],
	[{ command: "cluster" }, "npm run cluster -- --fresh"],
	[{ production: true }, undefined],
	[{ embedded: false }, undefined]
])("the banner of %j says that the shop is reset by %s", (more, command) => {
	expect(/Reset: +(.*)/.exec(banner({ ...facts, ...more }))?.[1]).toBe(command);
});
