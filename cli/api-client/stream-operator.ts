import { setTimeout as sleep } from "node:timers/promises";
import type {
	ConsumerLag,
	DeadLetterDetail,
	DeadLetterEntry,
	RedriveResult,
	Refill,
	ReplayPlan
} from "../../contracts/streams.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import { ProgressBar } from "../../launch/process/progress-bar.ts";
import { retry } from "../../lib/retry.ts";
import { UnexpectedResponse } from "./answer.ts";
import type { ShopApi } from "./shop-api.ts";
import { consumerGroups, type ConsumerGroup } from "../../contracts/streams.ts";

const lookEveryMs = 300;
const retryForS = 30;
const base = (group: ConsumerGroup) => `/ops/streams/${group}`;
const print = (line: string) => console.log(line);

/** Operators' commands on the streams of a running shop. */
export class StreamOperator {
	readonly #api: ShopApi;

	constructor(api: ShopApi) {
		this.#api = api;
	}

	async lag(): Promise<void> {
		const outbox = await this.#api.send<{ rows: number; seconds: number }>("GET", "/ops/outbox");
		print(
			`outbox        ${outbox.rows} events unpublished, the oldest for ${outbox.seconds.toFixed(1)} s`
		);
		for (const group of consumerGroups) {
			const { waiting, dead_letters, replay, partitions } = await this.#lagOf(group);
			const replaying = replay ? `, replays ${replay.done} of ${replay.of}` : "";
			print(
				`${group.padEnd(13)} ${waiting} messages waiting, ${dead_letters} dead-lettered${replaying}`
			);
			for (const { topic, partition, next, end } of partitions)
				if (next < end) print(`  ${topic} ${partition}: ${next} of ${end}`);
		}
	}

	async list(redriven: boolean): Promise<void> {
		let count = 0;
		for (const group of consumerGroups)
			for await (const deadLetter of this.#deadLetters(group, redriven)) {
				print(deadLetterLine(group, deadLetter));
				count++;
			}
		if (count === 0) print("There are no dead letters.");
	}

	async show(id: string): Promise<void> {
		const { group, deadLetter } = await this.#find(id);
		const { headers, text, base64, bytes, ...entry } = deadLetter;
		print(deadLetterLine(group, entry));
		for (const [name, value] of Object.entries(headers)) print(`  ${name}: ${value}`);
		print(`  key: ${JSON.stringify(entry.key)}, ${bytes} bytes${text === null ? ", no text" : ""}`);
		print(text ?? base64 ?? "");
	}

	/** @throws Unexpected when it still cannot be handled */
	async redrive(id: string): Promise<void> {
		const { group } = await this.#find(id);
		await this.#api.send("POST", `${base(group)}/dead-letters/${id}/redrive`, {});
		print(`${id} was handled by ${group}.`);
	}

	/** Returns how many still cannot be handled. */
	async redriveAll(): Promise<number> {
		let refused = 0;
		for (const group of consumerGroups) {
			const { dead_letters: of } = await this.#lagOf(group);
			if (of > 0) refused += await this.#redriveAllOf(group, of);
		}
		return refused;
	}

	async replay(group: ConsumerGroup, request: { from: string; mode?: string; dry_run: boolean }) {
		const plan = await retryWhileUnavailable(() =>
			this.#api.send<ReplayPlan>("POST", `${base(group)}/replay`, request)
		);
		const { messages, since, mode } = plan;
		const reprocessed = since ? `; events from ${since} on are applied again` : "";
		print(`${group}: ${messages} messages, ${mode}${reprocessed}`);
		for (const { topic, partition, from, until } of plan.partitions)
			if (from < until) print(`  ${topic} ${partition}: ${from} to ${until}`);
		if (!plan.dry_run) await this.#follow(group, messages);
	}

	/** Publishes the events of a lost log again, and starts a replay of missing events in every group. */
	async refill(from: string, dry_run: boolean): Promise<void> {
		const bar = new ProgressBar({ things: "events" });
		let done = 0;
		// `before` and the cursor of each page are passed to the next one.
		for (let place = {}, isMore = true; isMore;) {
			const { refilled, left, before, next_cursor }: Refill = await this.#api.send(
				"POST",
				"/ops/outbox/refill",
				{ from, dry_run, ...place }
			);
			if (dry_run) {
				print(`${left} events would be published again`);
				break;
			}
			done += refilled;
			bar.show(done, done + left);
			place = { before, cursor: next_cursor };
			isMore = next_cursor !== null;
		}
		if (!dry_run) bar.end(done, done);
		await this.#refillOf("product", "low-stock events", from, dry_run);
		await this.#refillOf("webhook", "messages of disabled webhooks", from, dry_run);
		for (const group of dry_run ? [] : consumerGroups)
			await this.replay(group, { from: "oldest", mode: "missing", dry_run: false });
		// Last, because the replayed events change the windows.
		await this.#refillOf("analytics", "windows and late events", from, dry_run);
	}

	async #refillOf(service: string, things: string, from: string, dry_run: boolean): Promise<void> {
		const path = `/ops/outbox/${service}/refill`;
		const { refilled } = await this.#api.send<{ refilled: number }>("POST", path, {
			from,
			dry_run
		});
		print(`${refilled} ${things}${dry_run ? " too" : ""}`);
	}

	#lagOf(group: ConsumerGroup): Promise<ConsumerLag> {
		return this.#api.send("GET", base(group));
	}

	async *#deadLetters(group: ConsumerGroup, redriven: boolean): AsyncGenerator<DeadLetterEntry> {
		for (let cursor: string | null = ""; cursor !== null;) {
			const query = `redriven=${redriven}&limit=100${cursor && `&cursor=${cursor}`}`;
			const path = `${base(group)}/dead-letters?${query}`;
			const page: { data: DeadLetterEntry[]; next_cursor: string | null } = await this.#api.send(
				"GET",
				path
			);
			yield* page.data;
			cursor = page.next_cursor;
		}
	}

	/** Ids are unique among all groups. @throws LaunchError */
	async #find(id: string): Promise<{ group: ConsumerGroup; deadLetter: DeadLetterDetail }> {
		for (const group of consumerGroups)
			try {
				const path = `${base(group)}/dead-letters/${encodeURIComponent(id)}`;
				return { group, deadLetter: await this.#api.send<DeadLetterDetail>("GET", path) };
			} catch (error) {
				if (!(error instanceof UnexpectedResponse && error.status === 404)) throw error;
			}
		throw new LaunchError(`There is no dead letter ${id}: npm run stream -- dlq list shows them.`);
	}

	async #redriveAllOf(group: ConsumerGroup, of: number): Promise<number> {
		const bar = new ProgressBar({ things: `messages of ${group}` });
		let [done, refused] = [0, 0];
		for (let cursor: string | null = ""; cursor !== null;) {
			const page: RedriveResult = await this.#api.send("POST", `${base(group)}/redrive`, {
				...(cursor && { cursor })
			});
			for (const { id, detail } of page.refused) print(`${id}  ${detail}`);
			[done, refused] = [done + page.redriven, refused + page.refused.length];
			cursor = page.next_cursor;
			bar.show(done + refused, of);
		}
		bar.end(done, of);
		return refused;
	}

	/** Until the replay is over. */
	async #follow(group: ConsumerGroup, messages: number): Promise<void> {
		if (messages === 0) return;
		const bar = new ProgressBar({ things: "messages" });
		for (;;) {
			const { replay } = await this.#lagOf(group);
			if (!replay) return bar.end(messages, messages);
			bar.show(replay.done, replay.of);
			await sleep(lookEveryMs);
		}
	}
}

/** After a restart, the log is not reachable for all services at once. */
function retryWhileUnavailable<R>(ask: () => Promise<R>): Promise<R> {
	const isRetryable = (error: unknown) =>
		error instanceof UnexpectedResponse && error.status === 503;
	return retry(ask, { pauseMs: () => 1000, attempts: retryForS + 1, isRetryable });
}

function deadLetterLine(group: ConsumerGroup, deadLetter: DeadLetterEntry): string {
	const { id, topic, partition, offset, reason, detail, attempts, at, redriven_at } = deadLetter;
	const times = attempts > 1 ? ` after ${attempts} attempts` : "";
	const again = redriven_at ? `, redriven ${redriven_at}` : "";
	return `${id}  ${group}  ${topic} ${partition}@${offset}  ${at}  ${reason}${times}: ${detail}${again}`;
}
