import { currentWindows, eventOf, lateIds, type JobRun, type RunOptions } from "./job-run.ts";
import type { ExpectedResults } from "./expected-windows.ts";
import type { Edit } from "./flink-job.ts";

/** Mistakes that such a job could have, each of which the comparison has to see. */

export interface PlantedFault {
	name: string;
	/** Of job.sql. */
	sql?: Edit;
	/** Of the sources. */
	java?: Edit;
	options?: Partial<RunOptions>;
}

function replacing(...pairs: [from: string, to: string][]): Edit {
	return text => pairs.reduce((edited, [from, to]) => edited.replace(from, to), text);
}

const windowFunction = replacing(
	[
		"WATERMARK FOR appended AS appended - INTERVAL '5' SECOND",
		`event_time AS COALESCE(
		TRY_CAST(REPLACE(REPLACE(JSON_VALUE(message, '$.time'), 'T', ' '), 'Z', '') AS TIMESTAMP(3)),
		TIMESTAMP '2000-01-01 00:00:00'),
	WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND`
	],
	["SELECT kind, window_start,", "SELECT event_time, kind, window_start,"],
	["SELECT e.*, message_key,", "SELECT e.*, event_time, message_key,"],
	[
		"SELECT window_start, currency, COUNT(*)",
		`SELECT CAST(TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_start) AS BIGINT) * 1000 AS window_start,
	currency, COUNT(*)`
	],
	[
		"FROM events\nWHERE kind = 'sale' AND delay_ms < 86400000\nGROUP BY window_start, currency",
		`FROM TABLE(TUMBLE(TABLE sales, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, currency`
	],
	[
		"-- Not a window function",
		`CREATE TEMPORARY VIEW sales AS
SELECT event_time, currency, amount, user_id FROM events WHERE kind = 'sale' AND delay_ms < 86400000;

-- Not a window function`
	]
);

export const plantedFaults: readonly PlantedFault[] = [
	{ name: "a window function instead of GROUP BY", sql: windowFunction },
	{ name: "duplicates are counted", sql: replacing(["WHERE occurrence = 1", ""]) },
	{
		name: "state is forgotten after 1 s",
		sql: replacing(["'${STATE_TTL}'", "'1 s'"]),
		// All of it in one go would be no pause.
		options: { pauseMs: 9000, afterCheckpoint: true }
	},
	{
		name: "the average is rounded half up",
		sql: replacing([" AND MOD(revenue / orders, 2) = 1", ""])
	},
	{
		name: "the minute is that of the arrival",
		sql: replacing([
			"SELECT kind, window_start,",
			"SELECT kind, window_start + (delay_ms + 60000) / 60000 * 60000 AS window_start,"
		])
	},
	{
		name: "money is added as floating-point numbers",
		sql: replacing([
			"LEAST(SUM(CAST(amount AS DECIMAL(38, 0))), CAST(9007199254740991 AS DECIMAL(38, 0)))",
			"SUM(CAST(amount AS FLOAT))"
		])
	},
	{
		name: "late events are counted however late they are",
		sql: replacing([" AND delay_ms < 86400000", ""])
	},
	{
		name: "windows are published before their checkpoint is complete",
		java: replacing([
			"		window.hasChanged = true;\n	}",
			"		window.hasChanged = true;\n		output.collect(new StreamRecord<>(window.publish(false, 0)));\n	}"
		]),
		options: { kills: true, afterCheckpoint: true }
	},
	{
		name: "currencies of an event are not checked",
		java: replacing(['case "currency" -> currencies.contains(value);', 'case "currency" -> true;'])
	},
	{
		name: "numbers of an event are not checked",
		java: replacing(["value.isNumber() && isValidInteger(rule, value.decimalValue())", "true"])
	}
];

/** What the comparison says of a run, as a sentence; undefined where it finds nothing. */
export function finding(run: JobRun, expected: ExpectedResults): string | undefined {
	if (run.hasFailed) {
		const sentence = /The window \S+ fell from .* its state was lost/.exec(run.output)?.[0];
		return `the job ended: ${sentence ?? /^Caused by: (.*)$/m.exec(run.output)?.[1] ?? "without a sentence"}`;
	}
	const found = currentWindows(run.windows);
	const keys = new Set([...Object.keys(found), ...Object.keys(expected.windows)]);
	const differs = (key: string) =>
		JSON.stringify(found[key]) !== JSON.stringify(expected.windows[key]);
	const wrong = [...keys].filter(differs).length;
	if (wrong > 0) return `${wrong} of ${keys.size} windows are wrong`;
	const falls = fallenRevisions(run);
	if (falls > 0) return `revisions of ${falls} windows fell`;
	const isLateRight = JSON.stringify(lateIds(run.late)) === JSON.stringify(expected.late);
	return isLateRight ? undefined : "late events are wrong";
}

function fallenRevisions({ windows }: JobRun): number {
	return [...Map.groupBy(windows, ({ key }) => String(key)).values()].filter(messages => {
		const revisions = messages.map(message => eventOf(message).data.revision);
		return revisions.some((revision, n) => n > 0 && revision < revisions[n - 1]!);
	}).length;
}
