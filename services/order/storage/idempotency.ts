import { createHash } from "node:crypto";
import type { Order } from "../../../contracts/order.ts";
import { fail } from "../../../lib/errors.ts";
import type { IdempotentRequest, StoredAnswer, OrderWithoutTimes } from "./order.repository.ts";

/** SHA-256 over the members that make two requests equal, in the given order. */
export function fingerprint(...members: unknown[]): Buffer {
	return createHash("sha256").update(JSON.stringify(members)).digest();
}

/** @throws IDEMPOTENCY_KEY_REUSED when the key belongs to another request */
export function assertSameRequest<S extends Pick<StoredAnswer, "request_hash">>(
	stored: S,
	{ hash }: Pick<IdempotentRequest, "hash">
): S {
	return stored.request_hash.equals(hash) ? stored : fail("IDEMPOTENCY_KEY_REUSED");
}

/**
 * The response to a repeated order or cancel: the stored first one, byte for byte. A new order's response was
 * stored before its times were known; they are last in the representation.
 * @throws IDEMPOTENCY_KEY_REUSED when the key belongs to another request
 */
export function replayAnswer(
	stored: StoredAnswer<OrderWithoutTimes>,
	request: Pick<IdempotentRequest, "hash">
): Order {
	const { created_at, updated_at, ...draft } = assertSameRequest(stored, request).answer;
	const at = stored.created_at.toISOString();
	return { ...draft, created_at: created_at ?? at, updated_at: updated_at ?? at };
}
