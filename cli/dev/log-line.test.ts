import { stripVTControlCharacters } from "node:util";
import { logLine } from "./log-line.ts";

describe("a line of the log for a terminal", () => {
	it.each([
		[
			"[02:05:48.954Z] INFO  GATEWAY: GET /api/v1/orders 200 1.2 ms",
			"02:05:48 INFO  gateway      GET /api/v1/orders 200 1.2 ms"
		],
		[
			"[02:05:48.954Z] WARN  USER: a sign-in failed",
			"02:05:48 WARN  user         a sign-in failed"
		],
		["[02:05:48.954Z] WARN  BROKER: is slow", "02:05:48 WARN  broker       is slow"],
		["    at somewhere (file.ts:1:2)", "    at somewhere (file.ts:1:2)"],
		["[02:05:48.954Z] INFO  BROKER: Moleculer v0.15.2 is starting...", undefined],
		["[02:05:48.954Z] INFO  ORDER: Service 'order' started.", undefined],
		["ready: gateway, user as shop.host-1; shop http://127.0.0.1:8080", undefined],
		["Stopping: finishing in-flight work", undefined]
	])("%s", (line, shown) => {
		expect(logLine(line, false)).toBe(shown);
		const coloured = logLine(line, true);
		expect(coloured && stripVTControlCharacters(coloured)).toBe(shown);
	});
});
