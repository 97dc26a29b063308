import { applyRecord, flinkOwnerSince, type EngineRecord, type Ownership } from "./engine-log.ts";
import { obstacle } from "./engine-owner.ts";

const claim = (engine: EngineRecord["engine"]): EngineRecord => ({ engine, step: "claim" });
const release = (engine: EngineRecord["engine"]): EngineRecord => ({ engine, step: "release" });
const take = (engine: EngineRecord["engine"]): EngineRecord => ({ engine, step: "take" });

const messageOf = (record: unknown) => ({
	value: Buffer.from(typeof record === "string" ? record : JSON.stringify(record))
});

it.each<[string, unknown[], Ownership | undefined]>([
	["no record", [], undefined],
	["the first claim", [claim("flink")], { owner: "flink" }],
	["the first of two claims", [claim("builtin"), claim("flink")], { owner: "builtin" }],
	["an owner that claims again", [claim("flink"), claim("flink")], { owner: "flink" }],
	["a handover that began", [claim("builtin"), release("flink")], { successor: "flink" }],
	[
		"a claim during a handover",
		[claim("builtin"), release("flink"), claim("builtin")],
		{ successor: "flink" }
	],
	["a handover", [claim("builtin"), release("flink"), take("flink")], { owner: "flink" }],
	["taking without a handover", [claim("builtin"), take("flink")], { owner: "builtin" }],
	[
		"taking by the other engine",
		[claim("builtin"), release("flink"), take("builtin")],
		{ successor: "flink" }
	],
	[
		"a handover that was redirected",
		[claim("builtin"), release("flink"), release("builtin"), take("flink"), take("builtin")],
		{ owner: "builtin" }
	],
	["a handover before any claim", [release("flink"), take("flink")], { owner: "flink" }],
	["what is no record", ["", "{", "null", "7", { engine: "spark", step: "claim" }], undefined],
	["an unknown step", [claim("builtin"), { engine: "flink", step: "seize" }], { owner: "builtin" }]
])("the owner after %s", (_, records, wanted) => {
	const ownership = records.map(messageOf).reduce<Ownership | undefined>(applyRecord, undefined);
	expect(ownership).toEqual(wanted);
});

const run = { engine: "flink", step: "run" };

it.each<[what: string, records: unknown[], since: number | undefined]>([
	["never", [claim("builtin")], undefined],
	["the first claim", [claim("flink"), claim("flink"), run], 0],
	["the end of a handover", [claim("builtin"), release("flink"), take("flink"), run], 2],
	[
		"before a handover back that was interrupted, and redirected",
		[
			claim("builtin"),
			release("flink"),
			take("flink"),
			release("builtin"),
			release("flink"),
			take("flink")
		],
		2
	],
	["before a handover back that is under way", [claim("flink"), release("builtin")], 0],
	[
		"its second ownership",
		[claim("flink"), release("builtin"), take("builtin"), release("flink"), take("flink")],
		4
	],
	["no more", [claim("flink"), release("builtin"), take("builtin")], undefined]
])("Flink owns the windows since: %s", (_, records, since) => {
	const messages = records.map((record, index) => ({ ...messageOf(record), at: new Date(index) }));
	expect(flinkOwnerSince(messages)?.getTime()).toBe(since);
});

it.each<[Ownership | undefined, EngineRecord["engine"], string | undefined]>([
	[{ owner: "builtin" }, "builtin", undefined],
	[{ owner: "flink" }, "flink", undefined],
	[
		{ owner: "flink" },
		"builtin",
		"The windows are published by the Flink job, and ANALYTICS_ENGINE is builtin: set it to flink, or hand them over with npm run stream -- engine builtin."
	],
	[
		{ owner: "builtin" },
		"flink",
		"The windows are published by the analytics service, and ANALYTICS_ENGINE is flink: set it to builtin, or hand them over with npm run stream -- engine flink."
	],
	[
		{ successor: "flink" },
		"flink",
		"The windows are being handed over to the Flink job: if that was interrupted, repeat npm run stream -- engine flink."
	],
	[
		undefined,
		"flink",
		"ANALYTICS_ENGINE is flink, and no engine publishes windows yet: start the Flink job."
	]
])("with %j the engine %s gets: %s", (ownership, engine, sentence) => {
	expect(obstacle(ownership, engine)).toBe(sentence);
});
