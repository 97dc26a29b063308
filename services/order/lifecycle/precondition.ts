import type { Order } from "../../../contracts/order.ts";
import { fail } from "../../../lib/errors.ts";

/**
 * Refuses a change of an order that its sender has not read as it is (RFC 9110, section 13.1.1). The caller holds the
 * order's lock. A request that finds its change made before is no conflict, so that is looked at first.
 * @param version that the sender has read; undefined: any
 * @throws STALE_VERSION
 */
export function refuseStale({ version: current }: Order, version: number | undefined): void {
	if (version !== undefined && version !== current) fail("STALE_VERSION");
}
