import type { Bug } from "./bug.ts";
import { orderBugs } from "./order-bugs.ts";
import { paymentBugs } from "./payment-bugs.ts";
import { stockBugs } from "./stock-bugs.ts";
import { streamBugs } from "./stream-bugs.ts";
import { waitingBugs } from "./waiting-bugs.ts";
import { webhookBugs } from "./webhook-bugs.ts";

/** Each is planted alone. */
export const bugs: readonly Bug[] = [
	...stockBugs,
	...paymentBugs,
	...orderBugs,
	...streamBugs,
	...waitingBugs,
	...webhookBugs
];
