import {
	failpoints,
	modes,
	streamFailpoints,
	type Failpoint,
	type Mode
} from "../../lib/failpoint.ts";
import type { OrderKind } from "../clients/order-kinds.ts";

/** A failpoint, its mode, and a kind of order that reaches it. */
export interface MatrixRow {
	point: Failpoint;
	mode: Mode;
	kind: OrderKind;
}

/** `<service>.<step>` of a failpoint. */
type StepOf<P> = P extends `${infer Service}.${infer Step}.${string}`
	? `${Service}.${Step}`
	: never;
type Step = StepOf<Failpoint>;

/** Kinds of orders that reach a step, or one of its points. The first is used; more make more rows of it. */
const kindsOf: Readonly<Partial<Record<Failpoint | Step, readonly OrderKind[]>>> = {
	"order.release": ["declined"],
	"order.restock": ["cancelled_after_confirm"],
	"order.refund_order": ["cancelled_after_confirm"],
	"order.void": ["cancelled_while_paying"],
	"order.refund_return": ["returned"],
	"order.restock_return": ["returned"],
	"order.request_return": ["returned"],
	"order.approve_return": ["returned"],
	"product.restock_return": ["returned"],
	"product.restockReturn": ["returned"],
	"payment.refundLines": ["returned"],
	"order.cancel": ["cancelled_after_confirm", "cancelled_while_paying"],
	"order.transition": ["bought", "declined", "sold_out", "cancelled_after_confirm", "returned"],
	"order.payment_notice": ["refunded", "refunded_elsewhere", "refund_came_back", "disputed"],
	"order.reschedule": ["charge_reply_lost"],
	"order.claim": ["charge_reply_lost"],
	"product.release": ["declined"],
	"product.restock": ["cancelled_after_confirm"],
	"payment.look_up": ["charge_reply_lost"],
	"payment.abandon": ["challenged"],
	"payment.tombstone": ["cancelled_while_paying"],
	"payment.void": ["cancelled_while_paying"],
	"payment.refundRemaining": ["cancelled_after_confirm"],
	"payment.answer_refund": ["refunded"],
	"payment.refund.before_reply": ["refunded"],
	"payment.refund": ["cancelled_after_confirm", "refund_reply_lost"],
	"payment.settle_refund": ["cancelled_after_confirm", "refund_reply_lost"]
};

const stepOf = (point: Failpoint) => point.slice(0, point.lastIndexOf(".")) as Step;

/** A lost reply differs from an error only if the callee sends nothing. */
const modesOf = (point: Failpoint) =>
	modes.filter(mode => mode !== "drop_reply" || point.endsWith(".before_reply"));

/** The failpoints of orders; those of the event log are triggered in a cluster with Kafka (log-storm.ts). */
export const shopFailpoints: readonly Failpoint[] = failpoints.filter(
	point => !(streamFailpoints as readonly string[]).includes(point)
);

const kindsOfPoint = (point: Failpoint) =>
	kindsOf[point] ?? kindsOf[stepOf(point)] ?? (["bought"] as const);

/** They take an order and a restart or a wait each, which is three quarters of the time of all rows. */
const costlyModes: readonly Mode[] = ["kill", "stop", "throw"];

/**
 * The rows of every point.
 * @param turn with it, of kill, stop and throw only one for each point and kind of order; three consecutive numbers
 * have all rows between them
 */
export function matrixRows(turn?: number): MatrixRow[] {
	return shopFailpoints
		.flatMap(point => kindsOfPoint(point).map(kind => ({ point, kind })))
		.flatMap((row, index) => {
			const chosen =
				turn === undefined ? undefined : costlyModes[(index + turn) % costlyModes.length];
			return modesOf(row.point)
				.filter(mode => !chosen || mode === chosen || !costlyModes.includes(mode))
				.map(mode => ({ ...row, mode }));
		});
}

/** The nodes with faults. Each service has one more without, which can take over. */
const targetNodes = {
	order: ["order-1", "order-2", "order-3"],
	product: ["product-1"],
	payment: ["payment-1", "payment-2"],
	webhook: ["webhook-1"]
} as const;

/** As for `npm run cluster`. */
export const matrixNodes = ["gateway=2", "order=4", "product=2", "payment=3", "webhook=2"];

/** Every row once, distributed over the nodes; each node runs its own rows in order. */
export function rowsByNode(all: readonly MatrixRow[]): ReadonlyMap<string, MatrixRow[]> {
	return new Map(
		Object.entries(targetNodes).flatMap(([service, nodes]) => {
			const own = all.filter(({ point }) => point.startsWith(`${service}.`));
			return nodes.map(
				(node, index) => [node, own.filter((_, n) => n % nodes.length === index)] as const
			);
		})
	);
}
