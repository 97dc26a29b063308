import type { ServerResponse } from "node:http";
import type { WindowChanges } from "../../contracts/analytics.ts";
import { fail } from "../../lib/errors.ts";

export interface FeedOptions {
	/** Changes after this event; without one, only the id of the last event. */
	changes(after: number | undefined): Promise<WindowChanges>;
	/** Limits on concurrent streams: on this node, and per user. */
	maxStreams: number;
	maxStreamsPerUser: number;
	/** Called with failures that are retried. */
	onError(error: Error): void;
	everyMs?: number;
	heartbeatMs?: number;
}

export interface Reader {
	userId: string;
	/** The last event that was sent. */
	after: number | undefined;
	/** When its token expires, by `Date.now()`. */
	untilMs: number;
}

interface Stream extends Reader {
	res: ServerResponse;
	/** `late`: it is still reading earlier events. */
	state: "late" | "catching-up" | "joined";
	/** Until its token expires, or it reaches the maximum age. */
	timer: NodeJS.Timeout;
}

const defaults = { everyMs: 1000, heartbeatMs: 15_000 };
/** A client reconnects by itself, with the last event's id. */
const retryMs = 2000;
const longestMs = 3_600_000;
/** A reader that is so far behind is disconnected, and reconnects. */
const maxBufferedBytes = 256 * 1024;

export const feedHeaders = {
	"Content-Type": "text/event-stream; charset=utf-8",
	"Cache-Control": "no-store",
	// For proxies that buffer small responses.
	"X-Accel-Buffering": "no"
};

/** As of https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const encodeChange = ({ id, window }: WindowChanges["data"][number]) =>
	`event: window\nid: ${id}\ndata: ${JSON.stringify(window)}\n\n`;

/**
 * Sends windows to all subscribers as they are emitted. Event ids ascend. While anybody subscribes, one
 * query a second serves all of them; a subscriber that returns with an old id first reads the changes
 * that it missed.
 */
export class WindowFeed {
	readonly #options: FeedOptions & typeof defaults;
	readonly #streams = new Set<Stream>();
	#timer: NodeJS.Timeout | undefined;
	#heartbeat: NodeJS.Timeout | undefined;
	/** Streams that have caught up have everything up to here. */
	#at: number | undefined;
	/** Incremented when the first reader joins: the result of an earlier query is ignored. */
	#run = 0;

	constructor(options: FeedOptions) {
		this.#options = { ...defaults, ...options };
	}

	/** @throws OVERLOADED, TOO_MANY_STREAMS */
	open(res: ServerResponse, reader: Reader): void {
		// Its "close" event has passed, and would never remove it from the list.
		if (res.destroyed) return;
		const { maxStreams, maxStreamsPerUser } = this.#options;
		if (this.#streams.size >= maxStreams) fail("OVERLOADED", "too many streams are open here");
		const own = [...this.#streams].filter(({ userId }) => userId === reader.userId);
		if (own.length >= maxStreamsPerUser) fail("TOO_MANY_STREAMS");
		const leftMs = Math.min(reader.untilMs - Date.now(), longestMs);
		const timer = setTimeout(() => this.#end(stream), Math.max(0, leftMs));
		const stream: Stream = { ...reader, res, state: "late", timer };
		this.#streams.add(stream);
		res.on("close", () => this.#leave(stream)).on("error", () => undefined);
		res.writeHead(200, feedHeaders);
		res.write(`retry: ${retryMs}\n\n`);
		if (this.#streams.size === 1) this.#startPolling();
	}

	/** Ends the streams of a user who may no longer read them. */
	endOf(userId: string): void {
		for (const stream of this.#streams) if (stream.userId === userId) this.#end(stream);
	}

	/** Ends all streams. */
	stop(): void {
		for (const stream of this.#streams) this.#end(stream);
	}

	#startPolling(): void {
		this.#at = undefined;
		this.#schedule(0, ++this.#run);
		this.#heartbeat = setInterval(() => this.#sendHeartbeats(), this.#options.heartbeatMs);
	}

	#stopPolling(): void {
		clearTimeout(this.#timer);
		clearInterval(this.#heartbeat);
	}

	#leave(stream: Stream): void {
		clearTimeout(stream.timer);
		if (this.#streams.delete(stream) && this.#streams.size === 0) this.#stopPolling();
	}

	#schedule(ms: number, run: number): void {
		this.#timer = setTimeout(() => {
			this.#poll(run)
				.catch(this.#options.onError)
				.finally(() => {
					if (run === this.#run && this.#streams.size > 0)
						this.#schedule(this.#options.everyMs, run);
				});
		}, ms);
	}

	async #poll(run: number): Promise<void> {
		const { data, last } = await this.#options.changes(this.#at);
		if (run !== this.#run) return;
		this.#at = last;
		for (const stream of this.#streams)
			if (stream.state === "joined") this.#send(stream, data);
			else if (stream.state === "late") void this.#catchUp(stream);
	}

	/** Page by page, as fast as it reads, until it has caught up with the others. */
	async #catchUp(stream: Stream): Promise<void> {
		stream.state = "catching-up";
		try {
			stream.after ??= this.#at!;
			// An id beyond the last one is of another database, or this node is behind the one that sent it. In the
			// first case everything here is new.
			if (stream.after > this.#at! && stream.after > (await this.#last())) stream.after = 0;
			while (this.#streams.has(stream) && stream.after < this.#at!) {
				const at = this.#at;
				const { data } = await this.#options.changes(stream.after);
				// The others may have received events meanwhile that were not in this page.
				if (data.length === 0 && at === this.#at) break;
				this.#send(stream, data);
				if (stream.res.writableNeedDrain) await this.#drained(stream);
			}
			stream.state = "joined";
		} catch (error) {
			stream.state = "late";
			this.#options.onError(error as Error);
		}
	}

	/** The id of the last event. */
	async #last(): Promise<number> {
		return (await this.#options.changes(undefined)).last;
	}

	/** Resolves when it has read on, or has disconnected. */
	#drained({ res }: Stream): Promise<void> {
		return new Promise(resolve => res.once("drain", resolve).once("close", resolve));
	}

	#send(stream: Stream, data: WindowChanges["data"]): void {
		const unsent = data.filter(({ id }) => id > stream.after!);
		if (unsent.length === 0 || !this.#streams.has(stream)) return;
		stream.after = unsent.at(-1)!.id;
		stream.res.write(unsent.map(encodeChange).join(""));
		if (stream.res.writableLength > maxBufferedBytes) stream.res.destroy();
	}

	#end(stream: Stream): void {
		this.#leave(stream);
		stream.res.end();
	}

	#sendHeartbeats(): void {
		for (const { res } of this.#streams) res.write(": \n\n");
	}
}
