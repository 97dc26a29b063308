import {
	shownOfDeadLetter,
	type ConsumerLag,
	type DeadLetterDetail,
	type DeadLetterEntry,
	type RedriveResult,
	type ReplayPlan
} from "../contracts/streams.ts";
import { cutText } from "../lib/text/cut-text.ts";
import { fail, invalid, type FailureData } from "../lib/errors.ts";
import type { Gauge } from "../lib/gauges.ts";
import { instantOf } from "../lib/instant.ts";
import { cutToMessage, jsonBytes, TimeList } from "../lib/keyset.ts";
import type { StreamEvent } from "../streams/consumer/consumer.ts";
import type { DeadLetterAdmin } from "../streams/consumer/dead-letter.admin.ts";
import type { ListedDeadLetter } from "../streams/consumer/storage/dead-letter.repository.ts";
import type { Plan, Start } from "../streams/consumer/replay.plan.ts";
import type { ReplayMode, ReplayRunner } from "../streams/consumer/replay.runner.ts";

export interface ControlOptions {
	group: string;
	replays: ReplayRunner;
	deadLetters: DeadLetterAdmin<StreamEvent>;
	/** The log may have been lost, and its topics with it. @throws Error while it is down */
	createTopics(): Promise<void>;
	/** Sends all members the hint that their positions were moved. */
	notifyMembers(): void;
}

/** Operators' commands on a consumer. */
export class ConsumerControl {
	readonly #options: ControlOptions;

	constructor(options: ControlOptions) {
		this.#options = options;
	}

	/** @throws UNAVAILABLE while the log is down */
	async lag(): Promise<ConsumerLag> {
		await this.#requireLog();
		const { group, deadLetters } = this.#options;
		const partitions = await this.#options.replays.progress();
		const sum = (parts: readonly number[]) => parts.reduce((a, b) => a + b, 0);
		const replays = partitions.flatMap(({ replay }) => replay ?? []);
		const isRunning = replays.some(replay => replay.isRunning);
		const [done, of] = [sum(replays.map(one => one.done)), sum(replays.map(one => one.of))];
		return {
			group,
			waiting: sum(partitions.map(({ next, end }) => Math.max(0, end - next))),
			dead_letters: await deadLetters.waiting(),
			replay: isRunning ? { done, of } : null,
			partitions: partitions.map(({ replay: _, ...position }) => position)
		};
	}

	/** Waiting messages and dead letters. @throws Error while the log or the database is down */
	async gauges(): Promise<Gauge[]> {
		const { group, deadLetters, replays } = this.#options;
		const lag = (await replays.progress()).reduce(
			(sum, { next, end }) => sum + Math.max(0, end - next),
			0
		);
		return [
			{ name: "shop_stream_lag_messages", labels: { group }, value: lag },
			{ name: "shop_dead_letters", labels: { group }, value: await deadLetters.waiting() }
		];
	}

	/** @throws VALIDATION_FAILED, LOG_TOO_SHORT, REPLAY_RUNNING, UNAVAILABLE */
	async replay(from: string, mode: ReplayMode, dry: boolean): Promise<ReplayPlan> {
		const { group, replays, notifyMembers } = this.#options;
		const request = { start: startOf(from), mode };
		await this.#requireLog();
		const plans = await (dry ? replays.plan(request) : replays.begin(request));
		if (!dry) notifyMembers();
		return { group, mode, dry_run: dry, ...describePlans(plans, mode) };
	}

	async list(redriven: boolean, limit: number, cursor?: string) {
		const { data, next_cursor } = await this.#page(redriven, limit, cursor);
		return { data: data.map(toEntry), next_cursor };
	}

	/** @throws NOT_FOUND */
	async show(id: string): Promise<DeadLetterDetail> {
		const deadLetter = await this.#options.deadLetters.get(id);
		return {
			...toEntry(deadLetter),
			headers: shownHeaders(deadLetter.headers),
			...encodeValue(deadLetter.value)
		};
	}

	/** @throws NOT_FOUND, REDRIVE_FAILED, REPLAY_RUNNING, UNAVAILABLE */
	async redrive(id: string): Promise<DeadLetterEntry> {
		return toEntry(await this.#options.deadLetters.redrive(id));
	}

	/** @throws UNAVAILABLE */
	async redriveAll(limit: number, cursor?: string): Promise<RedriveResult> {
		const { data, next_cursor } = await this.#page(false, limit, cursor);
		const refused: RedriveResult["refused"] = [];
		for (const { id } of data)
			await this.#options.deadLetters
				.redrive(id)
				.catch((error: Error & { data?: FailureData; type?: string }) => {
					if (!["REDRIVE_FAILED", "REPLAY_RUNNING"].includes(error.type ?? "")) throw error;
					const detail = error.data?.detail ?? error.message;
					refused.push({ id, detail: cutText(detail, shownOfDeadLetter.detail) });
				});
		return { redriven: data.length - refused.length, refused, next_cursor };
	}

	async #requireLog(): Promise<void> {
		await this.#options
			.createTopics()
			.catch(() => fail("UNAVAILABLE", "the event log is unavailable"));
	}

	async #page(redriven: boolean, limit: number, cursor: string | undefined) {
		const name = `dead letters of ${this.#options.group} ${redriven}`;
		const list = new TimeList(name, (row: ListedDeadLetter) => row.at, {
			bytesOf: row => jsonBytes(toEntry(row))
		});
		const after = list.position(cursor);
		return list.page(await this.#options.deadLetters.list(redriven, after, limit + 1), limit);
	}
}

function startOf(from: string): Start {
	if (from === "oldest") return from;
	if (/^\d{1,15}$/.test(from)) return { offset: BigInt(from) };
	if (/^\d{4}-\d\d-\d\dT/.test(from)) return { at: new Date(instantOf(from, "/from")) };
	return invalid("/from", "format", "must be oldest, an instant or an offset");
}

function describePlans(plans: ReadonlyMap<string, Plan>, mode: ReplayMode) {
	const partitions = [...plans].flatMap(([topic, { spans }]) =>
		spans.map(({ partition, from, until }) => ({
			topic,
			partition,
			from: Number(from),
			until: Number(until)
		}))
	);
	const floorMs = Math.max(...[...plans.values()].map(plan => plan.floorMs));
	return {
		messages: partitions.reduce((sum, { from, until }) => sum + until - from, 0),
		since: mode === "again" ? new Date(floorMs).toISOString() : null,
		partitions
	};
}

function toEntry(deadLetter: ListedDeadLetter): DeadLetterEntry {
	const { id, topic, partition, offset, reason, attempts } = deadLetter;
	const key = deadLetter.key === null ? null : cutText(deadLetter.key, shownOfDeadLetter.key);
	const detail = cutText(deadLetter.detail, shownOfDeadLetter.detail);
	const at = deadLetter.at.toISOString();
	const redriven_at = deadLetter.redriven_at?.toISOString() ?? null;
	return { id, topic, partition, offset, key, reason, detail, attempts, at, redriven_at };
}

function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
	const { headerName, header } = shownOfDeadLetter;
	const texts = Object.entries(headers).map(([name, text]) => [
		cutText(name, headerName),
		cutText(text, header)
	]);
	return Object.fromEntries(cutToMessage(texts, jsonBytes));
}

/** Values that are not text are shown in base64. */
function encodeValue(value: Buffer): Pick<DeadLetterDetail, "bytes" | "text" | "base64"> {
	const some = value.subarray(0, shownOfDeadLetter.valueBytes);
	try {
		// Text that was cut in the middle of a character still counts as text.
		const text = new TextDecoder("utf-8", { fatal: true }).decode(some, { stream: true });
		return { bytes: value.length, text, base64: null };
	} catch {
		return { bytes: value.length, text: null, base64: some.toString("base64") };
	}
}
