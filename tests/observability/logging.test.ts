import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ofShop, readCompose } from "../deployment/compose-file.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The profile logging: names that stand in the collector, the template and docker-compose.yml. */
describe("the store of the log", () => {
	const text = read("observability/logging/collector.yaml");
	const collector = parse(text) as {
		receivers: { file_log: { operators: { type: string; expr?: string }[] } };
		exporters: { elasticsearch: { logs_index: string } };
	};
	const template = JSON.parse(read("observability/logging/index-template.json")) as {
		index_patterns: string[];
		allow_auto_create: boolean;
	};
	const compose = readCompose();
	const { logs_index } = collector.exporters.elasticsearch;

	it("has one name, and is made by its template only", () => {
		const { environment, command } = compose.services.elasticsearch!;
		expect([template.index_patterns, template.allow_auto_create]).toEqual([[logs_index], true]);
		expect([environment!["action.auto_create_index"], command]).toEqual([
			`-${logs_index},+*`,
			undefined
		]);
	});

	it("gets what the collector asks of its environment", () => {
		const asked = Array.from(text.matchAll(/\$\{env:(\w+)\}/g), ([, name]) => name!);
		expect(asked.length).toBeGreaterThan(1);
		expect(Object.keys(compose.services["log-collector"]!.environment!).toSorted()).toEqual(
			[...new Set(asked)].toSorted()
		);
	});

	it("gets the log of each container of the shop, by the tag that the collector looks for", () => {
		const filter = collector.receivers.file_log.operators.find(({ type }) => type === "filter")!;
		const [, prefix] = /matches "\^(\w+\/)"/.exec(filter.expr!)!;
		for (const [name, { logging }] of ofShop(compose))
			expect([name, logging?.options.tag]).toEqual([name, `${prefix}{{.Name}}`]);
	});
});
