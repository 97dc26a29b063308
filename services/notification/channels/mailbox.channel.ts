import type { Channel, Dispatch } from "../channel.ts";
import type { PersonalChannel } from "../notification.decisions.ts";
import type { MailboxStore } from "./mailbox-store.ts";

/** Stores messages on this machine for developers, and sends none. */
export class MailboxChannel implements Channel {
	/** As many as the store takes in one statement. */
	readonly maxInFlight = 64;
	readonly #store: MailboxStore;
	readonly #channel: PersonalChannel;

	constructor(store: MailboxStore, channel: PersonalChannel) {
		this.#store = store;
		this.#channel = channel;
	}

	async send(dispatch: Dispatch): Promise<{ providerId: string }> {
		await this.#store.keep(this.#channel, dispatch);
		return { providerId: dispatch.id };
	}

	async close(): Promise<void> {
		// The store is closed by its owner.
	}
}
