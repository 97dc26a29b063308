import { v5, v7 } from "uuid";

/** A new UUIDv7: sorts by creation time, so index pages stay cached. */
export function newId(): string {
	return v7();
}

/** An id derived from another: the same owner and purpose always give the same UUIDv5. */
export function derivedId(ownerId: string, purpose: string): string {
	return v5(purpose, ownerId);
}
