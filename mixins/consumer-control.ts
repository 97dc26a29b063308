import type {
	ConsumerLag,
	DeadLetterDetail,
	DeadLetterEntry,
	RedriveResult,
	ReplayPlan
} from "../contracts/streams.ts";
import { fail, type FailureData } from "../lib/errors.ts";
import type { Gauge } from "../lib/gauges.ts";
import { instantOf } from "../lib/instant.ts";
import { decodeSortCursor, encodeSortCursor, Milliseconds } from "../lib/sort-cursor.ts";
import type { StreamEvent } from "../streams/consumer/consumer.ts";
import type {
	DeadLetters,
	LetterPosition,
	StoredLetter
} from "../streams/consumer/dead-letter-queue.ts";
import type { Plan, Start } from "../streams/consumer/replay.plan.ts";
import type { ReplayMode, Replays } from "../streams/consumer/replay.runner.ts";

export interface ControlOptions {
	group: string;
	replays: Replays;
	letters: DeadLetters<StreamEvent>;
	/** The log may have been lost, and its topics with it. @throws Error while it is away */
	createTopics(): Promise<void>;
	/** Tells all members that their positions were moved. */
	tellMembers(): void;
}

const shownBytes = 64 * 1024;

/** What operators see of a consumer, and what they have it do. */
export class ConsumerControl {
	readonly #options: ControlOptions;

	constructor(options: ControlOptions) {
		this.#options = options;
	}

	/** @throws UNAVAILABLE while the log is away */
	async lag(): Promise<ConsumerLag> {
		await this.#reachLog();
		const { group, letters } = this.#options;
		const standings = await this.#options.replays.standings();
		const sum = (parts: readonly number[]) => parts.reduce((a, b) => a + b, 0);
		const replays = standings.flatMap(({ replay }) => replay ?? []);
		const isRunning = replays.some(replay => replay.isRunning);
		const [done, of] = [sum(replays.map(one => one.done)), sum(replays.map(one => one.of))];
		return {
			group,
			waiting: sum(standings.map(({ next, end }) => Math.max(0, end - next))),
			dead_letters: await letters.waiting(),
			replay: isRunning ? { done, of } : null,
			partitions: standings.map(({ replay: _, ...standing }) => standing)
		};
	}

	/** What waits, and what was put aside. @throws Error while the log or the database is away */
	async gauges(): Promise<Gauge[]> {
		const { group, letters, replays } = this.#options;
		const lag = (await replays.standings()).reduce(
			(sum, { next, end }) => sum + Math.max(0, end - next),
			0
		);
		return [
			{ name: "shop_stream_lag_messages", labels: { group }, value: lag },
			{ name: "shop_dead_letters", labels: { group }, value: await letters.waiting() }
		];
	}

	/** @throws VALIDATION_FAILED, LOG_TOO_SHORT, REPLAY_RUNNING, UNAVAILABLE */
	async replay(from: string, mode: ReplayMode, dry: boolean): Promise<ReplayPlan> {
		const { group, replays, tellMembers } = this.#options;
		const asked = { start: startOf(from), mode };
		await this.#reachLog();
		const plans = await (dry ? replays.plan(asked) : replays.begin(asked));
		if (!dry) tellMembers();
		return { group, mode, dry_run: dry, ...described(plans, mode) };
	}

	async list(redriven: boolean, limit: number, cursor?: string) {
		const { data, next_cursor } = await this.#page(redriven, limit, cursor);
		return { data: data.map(toEntry), next_cursor };
	}

	/** @throws NOT_FOUND */
	async show(id: string): Promise<DeadLetterDetail> {
		const letter = await this.#options.letters.get(id);
		return { ...toEntry(letter), headers: letter.headers, ...shown(letter.value) };
	}

	/** @throws NOT_FOUND, REDRIVE_FAILED, REPLAY_RUNNING, UNAVAILABLE */
	async redrive(id: string): Promise<DeadLetterEntry> {
		return toEntry(await this.#options.letters.redrive(id));
	}

	/** @throws UNAVAILABLE */
	async redriveAll(limit: number, cursor?: string): Promise<RedriveResult> {
		const { data, next_cursor } = await this.#page(false, limit, cursor);
		const refused: RedriveResult["refused"] = [];
		for (const { id } of data)
			await this.#options.letters
				.redrive(id)
				.catch((error: Error & { data?: FailureData; type?: string }) => {
					if (!["REDRIVE_FAILED", "REPLAY_RUNNING"].includes(error.type ?? "")) throw error;
					refused.push({ id, detail: error.data?.detail ?? error.message });
				});
		return { redriven: data.length - refused.length, refused, next_cursor };
	}

	async #reachLog(): Promise<void> {
		await this.#options.createTopics().catch(() => fail("UNAVAILABLE", "the log is away"));
	}

	async #page(redriven: boolean, limit: number, cursor: string | undefined) {
		const list = `dead letters of ${this.#options.group} ${redriven}`;
		const rows = await this.#options.letters.list(redriven, placeOf(list, cursor), limit + 1);
		const data = rows.slice(0, limit);
		const last = rows.length > limit ? data.at(-1) : undefined;
		return { data, next_cursor: last ? encodeSortCursor(list, last.at.getTime(), last.id) : null };
	}
}

function placeOf(list: string, cursor: string | undefined): LetterPosition | undefined {
	if (cursor === undefined) return undefined;
	const { value, id } = decodeSortCursor(cursor, list, Milliseconds);
	return { at: new Date(value), id };
}

function startOf(from: string): Start {
	if (from === "oldest") return from;
	if (/^\d{1,15}$/.test(from)) return { offset: BigInt(from) };
	if (/^\d{4}-\d\d-\d\dT/.test(from)) return { at: new Date(instantOf(from, "/from")) };
	return fail("VALIDATION_FAILED", undefined, [
		{ pointer: "/from", code: "format", detail: "must be oldest, an instant or an offset" }
	]);
}

function described(plans: ReadonlyMap<string, Plan>, mode: ReplayMode) {
	const partitions = [...plans].flatMap(([topic, { spans }]) =>
		spans.map(({ partition, from, until }) => ({
			...{ topic, partition, from: Number(from), until: Number(until) }
		}))
	);
	const floorMs = Math.max(...[...plans.values()].map(plan => plan.floorMs));
	return {
		messages: partitions.reduce((sum, { from, until }) => sum + until - from, 0),
		since: mode === "again" ? new Date(floorMs).toISOString() : null,
		partitions
	};
}

function toEntry(letter: StoredLetter): DeadLetterEntry {
	const { id, topic, partition, offset, key, reason, detail, attempts } = letter;
	const at = letter.at.toISOString();
	const redriven_at = letter.redriven_at?.toISOString() ?? null;
	return { id, topic, partition, offset, key, reason, detail, attempts, at, redriven_at };
}

/** What is no text is shown in base64. */
function shown(value: Buffer): Pick<DeadLetterDetail, "bytes" | "text" | "base64"> {
	const some = value.subarray(0, shownBytes);
	try {
		// What is cut in the middle of a character still is text.
		const text = new TextDecoder("utf-8", { fatal: true }).decode(some, { stream: true });
		return { bytes: value.length, text, base64: null };
	} catch {
		return { bytes: value.length, text: null, base64: some.toString("base64") };
	}
}
