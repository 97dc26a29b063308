import { config } from "../config/index.ts";
import { jsonLines, type LogLevel } from "../lib/log/json-lines.ts";
import { logSource } from "../lib/log/source.ts";
import { createHandler, type Invoke } from "./handler.ts";
import { openRun } from "./notification-run.ts";
import { readSettings, type FunctionSettings } from "./settings.ts";

/** The entry of the bundle: AWS Lambda calls `handler`. */

/** Read while the function starts, and again after a failure, e.g. when a secret was not there yet. */
let reading: Promise<FunctionSettings> | undefined = readSettings(process.env);
reading.catch(() => undefined);

function log(level: LogLevel, ...words: unknown[]): void {
	process.stdout.write(`${jsonLines(logSource(config()))(level, words, "lambda")}\n`);
}

const invoke = createHandler({
	async open(onError) {
		reading ??= readSettings(process.env);
		const settings = await reading.catch(error => {
			reading = undefined;
			throw error;
		});
		return openRun(settings, onError);
	},
	log
});

export const handler: Invoke = (event, context) => invoke(event, context);
