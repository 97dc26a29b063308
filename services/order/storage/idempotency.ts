import { createHash } from "node:crypto";
import type { Order } from "../../../contracts/order.ts";
import { fail } from "../../../lib/errors.ts";
import type { IdempotentRequest, StoredAnswer, OrderWithoutTimes } from "./order.repository.ts";

/** SHA-256 over the members that make two requests the same, in the order given. */
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
 * What a repeated order or cancel is answered: the very answer of the first, byte for byte. A new order's
 * answer was stored before its times were known; they stand last in the representation.
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
