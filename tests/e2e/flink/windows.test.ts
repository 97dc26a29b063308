import { WindowStreamEvent } from "../../../contracts/analytics.ts";
import { validate } from "../../../lib/validator.ts";
import { toMessage } from "../../../services/analytics/windows/window-messages.ts";
import { cloudHeaders } from "../../../streams/messages/cloud-message.ts";
import { expectedResults } from "../../support/flink/expected-windows.ts";
import { compileJob } from "../../support/flink/flink-job.ts";
import {
	currentWindows,
	eventOf,
	lateIds,
	runJob,
	type JobRun
} from "../../support/flink/job-run.ts";
import { bytesOf, readRecording } from "../../support/flink/recorded-orders.ts";
import { serviceResults } from "../../support/flink/service-windows.ts";
import { describeWith } from "../../support/describe-with.ts";

const recording = readRecording();
const expected = expectedResults(recording);

describe("the recording", () => {
	it("gives the windows that services/analytics makes of it", async () => {
		const { windows, late, rejected } = await serviceResults(recording);
		expect(windows).toEqual(expected.windows);
		expect(late).toEqual(expected.late);
		expect(rejected).toBe(recording.filter(({ label }) => label === "poison").length);
	}, 60_000);
});

describeWith("java", "javac")("the Flink job, killed twice while it reads the recording", () => {
	let run: JobRun;

	beforeAll(async () => {
		// That of submit.sh.
		const backend = ["--state-backend", "rocksdb"];
		run = await runJob({ classPath: await compileJob(), kills: true, arguments: backend });
	}, 420_000);

	it("continues from checkpoints", () => {
		expect(run.hasFailed).toBe(false);
		expect(run.output.match(/^continues from .*chk-\d+$/gm)).toHaveLength(2);
	});

	it("publishes the windows of services/analytics, which are those of plain arithmetic", () => {
		expect(currentWindows(run.windows)).toEqual(expected.windows);
	});

	it("publishes events that are more than a day late as they came, and counts them in no window", () => {
		expect(lateIds(run.late)).toEqual(expected.late);
		const sent = new Map(recording.map(message => [bytesOf(message)?.toString(), message.key]));
		for (const { key, value, headers } of run.late) {
			expect(sent.get(String(value))).toBe(String(key));
			expect(headers.ce_type).toBe("recorded");
		}
	});

	it("publishes messages of the contract, with the key, id and headers of services/analytics", () => {
		expect(run.windows.length).toBeGreaterThan(0);
		for (const message of run.windows) {
			const event = eventOf(message);
			expect(validate(WindowStreamEvent, event)).toEqual([]);
			const { window_start, unique_users, average_order_value, ...rest } = event.data;
			const result = { ...rest, users: unique_users, average: average_order_value };
			const own = toMessage({ ...result, start: Date.parse(window_start) }, Date.parse(event.time));
			expect(event).toEqual(own);
			expect(String(message.key)).toBe(own.partitionkey);
			expect(message.headers).toEqual(cloudHeaders(own));
		}
	});

	it("lets no revision fall, gives none two contents, and changes nothing that is final", () => {
		for (const messages of Map.groupBy(run.windows, ({ key }) => String(key)).values()) {
			const all = messages.map(message => eventOf(message).data);
			const revisions = all.map(({ revision }) => revision);
			expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
			expect(new Set(all.map(data => JSON.stringify(data))).size).toBe(new Set(revisions).size);
			const final = all.findIndex(data => data.final);
			if (final >= 0) expect(new Set(revisions.slice(final)).size).toBe(1);
		}
	});

	it("makes windows final a day after their end, by the time of the log", () => {
		const last = Math.max(...recording.map(({ at }) => at));
		const current = new Map(run.windows.map(message => [String(message.key), eventOf(message)]));
		const final = [...current.values()].filter(({ data }) => data.final);
		const old = [...current.values()].filter(
			({ data }) => Date.parse(data.window_end) + 25 * 3_600_000 < last
		);
		expect(old.length).toBeGreaterThan(30);
		expect(old.filter(({ data }) => !data.final)).toEqual([]);
		for (const { data } of final)
			expect(Date.parse(data.window_end) + 24 * 3_600_000).toBeLessThan(last);
	});
});
