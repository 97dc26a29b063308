import type { Refill } from "../../contracts/streams.ts";
import { refill as refillWindows } from "../../services/analytics/windows/window.outbox.ts";
import { refill as refillOrders } from "../../services/order/outbox/refill.ts";
import { refill as lowStock } from "../../services/product/product.outbox.ts";
import { refill as disabledWebhooks } from "../../services/webhook/webhook.outbox.ts";

type Database = Parameters<typeof refillOrders>[0];

/** Events that are published to the new log. */
export interface Refilled {
	orders: number;
	lowStock: number;
	disabledWebhooks: number;
	/** And late events. */
	windows: number;
}

export interface RefillOptions {
	/** Order events of this time or later. */
	from: string;
	/** Only counts them. */
	dry: boolean;
	onProgress(done: number, of: number): void;
}

/**
 * Of the outboxes of products and webhooks, and of late events, at most a week is there; of windows the new log gets all, since their
 * topic has the last word on each for ever.
 */
const ever = new Date(0).toISOString();

/**
 * Makes published events unpublished again, page by page, each page in its own transaction. A shop that starts before the
 * end publishes some to the log that it has, a second time, and consumers know their ids.
 */
export async function refillOutboxes(
	db: Database,
	{ from, dry, onProgress }: RefillOptions
): Promise<Refilled> {
	const orders = await refillOrderEvents(db, { from, dry, onProgress });
	const [products] = await db.query<{ refilled: number }>(lowStock, [ever, dry]);
	const [webhooks] = await db.query<{ refilled: number }>(disabledWebhooks, [ever, dry]);
	const { refilled: windows } = await refillWindows(db, ever, dry);
	return {
		orders,
		lowStock: products!.refilled,
		disabledWebhooks: webhooks!.refilled,
		windows
	};
}

async function refillOrderEvents(
	db: Database,
	{ from, dry, onProgress }: RefillOptions
): Promise<number> {
	let done = 0;
	// `before` and the cursor of each page are passed to the next one.
	for (let place: Partial<Pick<Refill, "before">> & { cursor?: string } = {}; ;) {
		const { refilled, left, before, next_cursor } = await refillOrders(db, { from, dry, ...place });
		if (dry) return left;
		done += refilled;
		onProgress(done, done + left);
		if (next_cursor === null) return done;
		place = { before, cursor: next_cursor };
	}
}
