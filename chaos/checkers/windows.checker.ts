import type { StreamEvidence } from "../evidence/event-stream.ts";
import type { Checker } from "./checker.ts";

/** What `npm run verify -- analytics` finds. */
export const windows: Checker<{ readonly stream: StreamEvidence }> = {
	promise: "P5",
	title: "Orders, revenue and buyers of every window equal one SQL statement over the events",
	examined: ({ stream: { minutes: count } }) => `${count} minutes`,
	violations: ({ stream: { windows } }) => windows.map(what => ({ what }))
};
