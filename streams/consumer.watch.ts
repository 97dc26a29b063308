import type { ConsumerRepository } from "./consumer.repository.ts";
import type { Driver } from "./driver.ts";
import { Watchdog, type Place } from "./watchdog.ts";

export interface WatchOptions {
	driver: Pick<Driver, "extents">;
	rows: Pick<ConsumerRepository, "positions">;
	group: string;
	topics: readonly string[];
	everyMs: number;
	/** A partition may stand still so long. */
	silentMs: number;
	/** What this member believes: it goes on there. */
	believes(place: Place): bigint;
	/** Some rows were moved back, and nobody here was told. */
	onMoved(): void;
	onStuck(words: string): void;
	onError(error: Error): void;
}

type Partition = Pick<Place, "topic" | "partition">;
const nameOf = ({ topic, partition }: Partition) => `${topic} ${partition}`;

/** Looks now and then whether a consumer gets on: by its rows and by the log, and not by what it is told. */
export class ConsumerWatch {
	readonly #options: WatchOptions;
	readonly #watchdog: Watchdog;
	#assigned: ReadonlySet<string> = new Set();
	/** Partitions whose rows were behind what is believed when it looked last. */
	#behind: ReadonlySet<string> = new Set();
	#timer: NodeJS.Timeout | undefined;

	constructor(options: WatchOptions) {
		this.#options = options;
		this.#watchdog = new Watchdog(options.silentMs);
	}

	start(): void {
		this.#timer = setInterval(() => void this.#look().catch(this.#fail), this.#options.everyMs);
		this.#timer.unref();
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	assign(partitions: readonly Partition[]): void {
		this.#assigned = new Set(partitions.map(nameOf));
	}

	/** The database or the log is away: then nothing moves, and nobody here is to blame. */
	readonly #fail = (error: Error) => {
		this.#watchdog.forget();
		this.#options.onError(error);
	};

	async #look(): Promise<void> {
		const { group, silentMs, onStuck } = this.#options;
		const mine = await this.#mine();
		this.#lookBehind(mine);
		const [stuck] = this.#watchdog.look(mine, performance.now());
		if (!stuck) return;
		const { topic, partition, next, end } = stuck;
		const waiting = `${end - next} messages of ${topic} ${partition} wait`;
		onStuck(`${group} has got on with nothing for ${silentMs / 1000} s, and ${waiting}`);
	}

	/** All, where it has none: a member that was put out and never let in again hears of none. */
	async #mine(): Promise<Place[]> {
		const { driver, rows, topics } = this.#options;
		const places: Place[] = [];
		for (const topic of topics) {
			const [extents, positions] = await Promise.all([
				driver.extents(topic),
				rows.positions(topic)
			]);
			for (const { partition, first, next: end } of extents)
				places.push({ topic, partition, next: positions.get(partition) ?? first, end });
		}
		if (this.#assigned.size === 0) return places;
		return places.filter(place => this.#assigned.has(nameOf(place)));
	}

	/** Twice in a row, because a commit may come between two looks at one. */
	#lookBehind(mine: readonly Place[]): void {
		const behind = mine.filter(place => place.next < this.#options.believes(place)).map(nameOf);
		if (behind.some(name => this.#behind.has(name))) this.#options.onMoved();
		this.#behind = new Set(behind);
	}
}
