import {
	failpoints,
	modes,
	streamFailpoints,
	type Failpoint,
	type Mode
} from "../../lib/failpoint.ts";
import type { Kind } from "../clients/order-kinds.ts";

/** A failpoint, how it strikes, and a kind of order whose way leads there. */
export interface Row {
	point: Failpoint;
	mode: Mode;
	kind: Kind;
}

/** Kinds of orders that pass a step, or one of its points. The first is used; more make more rows of it. */
const kindsOf: Readonly<Record<string, readonly Kind[]>> = {
	"order.release": ["declined"],
	"order.restock": ["returned"],
	"order.pay_back": ["returned"],
	"order.void": ["called_off"],
	"order.give_back": ["sent_back"],
	"order.take_back": ["sent_back"],
	"order.request_return": ["sent_back"],
	"order.approve_return": ["sent_back"],
	"product.take_back": ["sent_back"],
	"product.takeBack": ["sent_back"],
	"payment.giveBack": ["sent_back"],
	"order.cancel": ["returned", "called_off"],
	"order.tell": ["bought", "declined", "sold_out", "returned", "sent_back"],
	"order.park": ["dropped"],
	"order.claim": ["dropped"],
	"product.release": ["declined"],
	"product.restock": ["returned"],
	"payment.look_up": ["dropped"],
	"payment.abandon": ["challenged"],
	"payment.bar": ["called_off"],
	"payment.void": ["called_off"],
	"payment.reverse": ["returned"],
	"payment.answer_refund": ["refunded"],
	"payment.refund.before_reply": ["refunded"],
	"payment.refund": ["returned", "refund_dropped"],
	"payment.settle_refund": ["returned", "refund_dropped"]
};

const stepOf = (point: Failpoint) => point.slice(0, point.lastIndexOf("."));

/** A lost reply differs from an error only where a callee stays silent. */
const modesOf = (point: Failpoint) =>
	modes.filter(mode => mode !== "drop_reply" || point.endsWith(".before_reply"));

/** Those that orders pass; the stream's own are struck in a world of its own (log-storm.ts). */
export const shopFailpoints: readonly Failpoint[] = failpoints.filter(
	point => !(streamFailpoints as readonly string[]).includes(point)
);

export function rows(): Row[] {
	return shopFailpoints.flatMap(point =>
		modesOf(point).flatMap(mode =>
			(kindsOf[point] ?? kindsOf[stepOf(point)] ?? ["bought"]).map(kind => ({ point, mode, kind }))
		)
	);
}

/** The nodes that are struck. One more of each service is not, and can take over. */
const struckNodes = {
	order: ["order-1", "order-2", "order-3"],
	product: ["product-1"],
	payment: ["payment-1", "payment-2"]
} as const;

/** As for `npm run cluster`. */
export const matrixNodes = ["gateway=2", "order=4", "product=2", "payment=3"];

/** Every row once, dealt out to the nodes; each node goes through its own. */
export function dealtOut(all: readonly Row[] = rows()): ReadonlyMap<string, Row[]> {
	return new Map(
		Object.entries(struckNodes).flatMap(([service, nodes]) => {
			const own = all.filter(({ point }) => point.startsWith(`${service}.`));
			return nodes.map(
				(node, index) => [node, own.filter((_, n) => n % nodes.length === index)] as const
			);
		})
	);
}
