import type { Refusal } from "./notification.decisions.ts";
import type { StoredFact } from "./tracking-store.ts";
import type { Rendered } from "./templates/render.templates.ts";

/** A message as a channel takes it. */
export interface Dispatch {
	/**
	 * UUIDv5 of the event and the channel: the same however often it is handed over, so that a provider
	 * that knows it sends one. Of a message that was asked for anew, one of its own.
	 */
	id: string;
	/** Of what happened: the same for all who are told of it. */
	eventId: string;
	/** An e-mail address or a phone number (E.164); empty where the channel has readers of its own. */
	to: string;
	rendered: Rendered;
	/** What happened, for readers that are programs. Without personal data. */
	fact: StoredFact;
}

/** A way to reach people or systems. */
export interface Channel {
	/** Answers the provider's own name for it. @throws Refused; anything else counts as temporary */
	send(dispatch: Dispatch): Promise<{ providerId: string }>;
	close(): Promise<void>;
}

/** A message that was not taken, and what that means for it. */
export class Refused extends Error {
	readonly refusal: Refusal;

	constructor(refusal: Refusal) {
		super(refusal.reason);
		this.refusal = refusal;
	}
}
