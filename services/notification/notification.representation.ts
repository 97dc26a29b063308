import type { Notification } from "../../contracts/notification.ts";
import type { StoredNotification } from "./tracking-store.ts";

/**
 * The recipient's address is not included: it belongs to the user service. The provider's id is for staff only,
 * who look the message up there.
 */
export function toNotification(tracked: StoredNotification, isForStaff: boolean): Notification {
	const { id, event_id, kind, channel, state, reason, user_id, order_id, attempts, resends } =
		tracked;
	const { provider_id, occurred_at, sent_at, created_at, updated_at } = tracked;
	return {
		id,
		event_id,
		kind,
		channel,
		state,
		reason,
		user_id,
		order_id,
		attempts,
		resends,
		provider_id: isForStaff ? provider_id : null,
		occurred_at: occurred_at.toISOString(),
		sent_at: sent_at?.toISOString() ?? null,
		created_at: created_at.toISOString(),
		updated_at: updated_at.toISOString()
	};
}
