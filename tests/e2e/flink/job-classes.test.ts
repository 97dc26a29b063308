import { join } from "node:path";
import { windowOf } from "../../../cli/handover/published-windows.ts";
import { stopsWithinMs } from "../../../cli/handover/handover.ts";
import type { WindowStreamEvent } from "../../../contracts/analytics.ts";
import { describeWith } from "../../support/describe-with.ts";
import { compileJobClasses, flinkFolder, runJobClasses } from "../../support/flink/flink-job.ts";
import { keyAt, messageOf } from "../../support/flink/recent-sales.ts";

const own = JSON.parse(messageOf(3, { orders: 2, revision: 5 }).value) as WindowStreamEvent;
const having = (over: object) => JSON.stringify({ ...own, ...over });
const data = (over: object) => having({ data: { ...own.data, ...over } });

/** Messages with the key of a window, and whether readers take them for one. */
const messages: readonly [what: string, value: string | null, isWindow: boolean, key?: string][] = [
	["the service's own", having({}), true],
	["one of a later version", having({ added_later: 1 }), true],
	["one with a member that is not known", data({ added_later: 1 }), true],
	["revision 5.0", having({}).replace('"revision":5', '"revision":5.0'), true],
	["revision 2^31 - 1", data({ revision: 2 ** 31 - 1 }), true],
	["revision 2^31", data({ revision: 2 ** 31 }), false],
	["revision 1e300", having({}).replace('"revision":5', '"revision":1e300'), false],
	["a negative revision", data({ revision: -1 }), false],
	["revision 5.5", data({ revision: 5.5 }), false],
	["a revision as text", data({ revision: "5" }), false],
	["the revision null", data({ revision: null }), false],
	["no revision", data({ revision: undefined }), false],
	["orders as text", data({ orders: "2" }), false],
	["negative orders", data({ orders: -2 }), false],
	["orders beyond 2^53 - 1", having({}).replace('"orders":2', '"orders":9007199254740992'), false],
	["no revenue", data({ revenue: undefined }), false],
	["final as text", data({ final: "true" }), false],
	["an unknown currency", data({ currency: "ZZZ" }), false, `${keyAt(3).slice(0, -3)}ZZZ`],
	["another window than its key", having({}), false, keyAt(4)],
	["no key", having({}), false, ""],
	["another type", having({ type: "analytics.windows" }), false],
	["no data", having({ data: undefined }), false],
	["data null", having({ data: null }), false],
	["null", "null", false],
	["no JSON", "{", false],
	["nothing", "", false],
	["a tombstone", null, false]
];

describeWith("java", "javac")("classes of the Flink job", () => {
	let classPath: string;
	beforeAll(async () => {
		classPath = await compileJobClasses();
	}, 180_000);

	const base64 = (text: string | null) =>
		text === null ? "-" : Buffer.from(text).toString("base64") || "-";

	it("takes for windows what the commands of the shop take for them, by the contract", async () => {
		const input = messages.map(([, value, , key = keyAt(3)]) => [
			key === "" ? "-" : base64(key),
			base64(value)
		]);
		const found = await runJobClasses(
			classPath,
			["windows"],
			input.map(parts => parts.join(" "))
		);
		const byJob = messages.map(([what], n) => [what, found[n] !== "none"]);
		const byShop = messages.map(([what, value, , key = keyAt(3)]) => [
			what,
			windowOf({ key: key || null, value: Buffer.from(value ?? "") }) !== undefined
		]);
		const wanted = messages.map(([what, , isWindow]) => [what, isWindow]);
		expect(byShop).toEqual(wanted);
		expect(byJob).toEqual(wanted);
		expect(found[0]).toBe(`${keyAt(3)} 5 2`);
	}, 60_000);

	it("publishes nothing later than 5 s after a look at the owner", async () => {
		const never = "999999999";
		// Messages, ms to send one, from when on the job is not the owner, and Kafka does not say; ms of a look, and what happens.
		const rows: [waiting: string, wanted: string][] = [
			[`3 1000 ${never} ${never} 0`, "3 sent, 0 left, 2000 ms, ok"],
			[`100 1000 7000 ${never} 0`, "10 sent, 90 left, 4000 ms, ended"],
			[`100 1000 ${never} 7000 0`, "10 sent, 90 left, 4000 ms, ok"],
			[`100 30000 15000 ${never} 0`, "1 sent, 99 left, 0 ms, ended"],
			[`3 1000 0 ${never} 0`, "0 sent, 3 left, 0 ms, ended"],
			[`3 1000 ${never} 0 0`, "0 sent, 3 left, 0 ms, ok"],
			[`0 0 0 ${never} 0`, "0 sent, 0 left, 0 ms, ended"],
			// A look takes its time too: what it found may have changed since it began.
			[`6 1000 ${never} ${never} 2000`, "6 sent, 0 left, 4000 ms, ok"],
			[`6 1000 ${never} ${never} 4999`, "6 sent, 0 left, 4999 ms, ok"],
			[`6 1000 ${never} ${never} 5000`, "0 sent, 6 left, 0 ms, ok"]
		];
		const input = rows.map(([waiting]) => waiting);
		const wanted = rows.map(([, each]) => each);
		expect(await runJobClasses(classPath, ["pending"], input)).toEqual(wanted);
	}, 60_000);

	it("reads the topic of orders once, and has the most parallelism that a checkpoint fixes", async () => {
		const sql = join(flinkFolder, "job.sql");
		const options = ["--sql", sql, "--brokers", "kafka:9092", "--checkpoints", "/tmp/none"];
		for (const more of [[], ["--parallelism", "100"]]) {
			const [sources, ...vertices] = await runJobClasses(classPath, ["plan", ...options, ...more]);
			expect(sources).toBe("1");
			expect([...new Set(vertices)]).toEqual(["128"]);
		}
	}, 60_000);

	it("has sent what it held when a handover goes on", async () => {
		const limits = await runJobClasses(classPath, ["limits"]);
		const longest = limits.map(Number).reduce((sum, ms) => sum + ms, 0);
		expect(longest).toBeGreaterThan(0);
		expect(longest).toBeLessThan(stopsWithinMs);
	}, 60_000);
});
