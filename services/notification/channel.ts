import type { Refusal } from "./notification.decisions.ts";
import type { StoredFact } from "./tracking-store.ts";
import type { Rendered } from "./templates/render.templates.ts";

/** A message as channels get it. */
export interface Dispatch {
	/**
	 * UUIDv5 of the event and the channel: the same for every attempt, so that a provider can deduplicate. A
	 * resent message has its own.
	 */
	id: string;
	/** Of the event: the same for all recipients. */
	eventId: string;
	/** An e-mail address or a phone number (E.164); empty if the channel has its own subscribers. */
	to: string;
	rendered: Rendered;
	/** The event for programs, without personal data. */
	fact: StoredFact;
}

/** A way to reach people or systems. */
export interface Channel {
	/** Most messages that it is given at a time. */
	readonly maxInFlight: number;
	/** Returns the provider's id. @throws Refused; any other error counts as temporary */
	send(dispatch: Dispatch): Promise<{ providerId: string }>;
	close(): Promise<void>;
}

/** A message that was refused, and whether to retry. */
export class Refused extends Error {
	readonly refusal: Refusal;

	constructor(refusal: Refusal) {
		super(refusal.reason);
		this.refusal = refusal;
	}
}
