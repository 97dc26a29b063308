import type { ProviderEvent } from "./provider-events.ts";
import { SpillingMap, type SpillFile } from "./spilling-map.ts";

/** Events in the order in which they happened. */
export class EventList {
	readonly #events: SpillingMap<ProviderEvent>;
	readonly #positions: SpillingMap<number>;

	constructor(file: SpillFile) {
		this.#events = new SpillingMap(file);
		this.#positions = new SpillingMap(file);
	}

	get length(): number {
		return this.#events.size;
	}

	push(...events: readonly ProviderEvent[]): void {
		for (const event of events) {
			const position = this.length;
			this.#events.set(String(position), event);
			if (!this.#positions.has(event.id)) this.#positions.set(event.id, position);
		}
	}

	at(position: number): ProviderEvent {
		return this.#events.get(String(position))!;
	}

	withId(id: string): ProviderEvent | undefined {
		const position = this.#positions.get(id);
		return position === undefined ? undefined : this.at(position);
	}

	[Symbol.iterator](): Iterator<ProviderEvent> {
		return this.#events.values();
	}
}
