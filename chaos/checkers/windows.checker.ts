import type { StreamEvidence } from "../evidence/event-stream.ts";
import type { Checker } from "./checker.ts";

/** What `npm run verify -- analytics` finds. */
export const windows: Checker<{ readonly stream: StreamEvidence }> = {
	promise: "P5",
	title: "Every minute's orders, money and buyers are what one SQL statement over the events says",
	examined: ({ stream: { minutes: count } }) => `${count} minutes`,
	violations: ({ stream: { windows } }) => windows.map(what => ({ what }))
};
