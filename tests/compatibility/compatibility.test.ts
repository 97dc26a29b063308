import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toConfig, useConfig } from "../../config/index.ts";
import { readEnvironment } from "../../config/read-environment.ts";
import { intendedBreaks } from "./intended-breaks.ts";
import manifest from "../../package.json" with { type: "json" };
import { frozenChecksums } from "../../scripts/release/checksums.ts";
import { contractSnapshot } from "../../scripts/release/contract-snapshot.ts";
import { lastRelease } from "../support/release/last-release.ts";
import { breaksOf } from "./contract.rules.ts";
import { changedFiles, typesOfMessage, unexcused } from "./released-files.rules.ts";

// Not those of the environment: links of examples begin with PUBLIC_URL.
useConfig(toConfig(readEnvironment({})));

const release = lastRelease();
const { contracts: old, checksums: released } = release;
const present = contractSnapshot(manifest.version);
const files = frozenChecksums();

const types = Object.fromEntries(
	Object.entries(old.messages).map(([name, { parts }]) => [
		name,
		typesOfMessage(name, parts.payload, old.schemas)
	])
);

describe(`version ${manifest.version} beside ${release.version}`, () => {
	it("breaks no caller and no reader, except where intended-breaks.ts says so", () => {
		const breaks = breaksOf(old, present);
		expect(unexcused(breaks, intendedBreaks, { released, present: files, types })).toEqual([]);
	});

	it("tells the users of each intended break in the changelog", () => {
		const changelog = readFileSync(join(import.meta.dirname, "../../CHANGELOG.md"), "utf8");
		const [, section = ""] = changelog.split(/^## \[/m);
		expect(section.startsWith(`${manifest.version}]`)).toBe(true);
		const stated = section.match(/^- Breaking: /gm) ?? [];
		expect(stated.length > 0).toBe(intendedBreaks.length > 0);
	});

	it("has the migrations and the events of the release as they were", () => {
		expect(changedFiles(released, files)).toEqual([]);
	});

	it("knows the types of all events", () => {
		expect(types.OrderEvent).toContain("order.confirmed");
		expect(types).toMatchObject({
			LowStock: ["product.low_stock"],
			Window: ["analytics.window"],
			DeadLetter: ["dead_letter"]
		});
	});

	it("knows a golden file of each type", () => {
		const missing = Object.values(types)
			.flat()
			.filter(type => !files[`contracts/golden/${type}.v1.json`]);
		expect(missing).toEqual([]);
	});
});
