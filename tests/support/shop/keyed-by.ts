import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { fingerprint } from "../../../idempotency/fingerprint.ts";
import { newId } from "../../../lib/id.ts";

/** A request with a new idempotency key. */
export function keyedBy(
	{ id }: { id: string },
	action: string,
	params: { id: string }
): KeyedRequest {
	return {
		principal: id,
		key: newId(),
		action,
		target: params.id,
		hash: fingerprint([action, params])
	};
}
