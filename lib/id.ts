import { v5, v7 } from "uuid";

/** A new UUIDv7: sorts by time of making, so index pages stay warm. */
export function newId(): string {
	return v7();
}

/** The id that follows from another: the same owner and purpose always give the same UUIDv5. */
export function derivedId(ownerId: string, purpose: string): string {
	return v5(purpose, ownerId);
}
