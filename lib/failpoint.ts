/** Failpoints of events: in every service with a relay or a consumer, and in the windows. */
export const streamFailpoints = [
	"stream.relay.after_read",
	"stream.relay.after_send",
	"stream.relay.after_mark",
	"stream.consumer.after_read",
	"stream.consumer.before_offset",
	"stream.consumer.after_commit",
	"analytics.window.after_apply",
	"analytics.window.after_emit"
] as const;

/**
 * Places where a test can kill, stop, delay or fail the process, or drop a reply. A failpoint that is not
 * armed costs one lookup in an empty map (docs/decisions/0011).
 *
 * `<service>.<step>.<boundary>`. `before_commit` is inside the transaction, after its statements;
 * `before_reply` is after the action, before its reply is sent.
 */
export const failpoints = [
	"order.create.before_commit",
	"order.create.after_commit",
	"order.place.before_reply",
	"order.claim.after_commit",
	"order.reserve.before_call",
	"order.reserve.after_call",
	"order.begin_payment.before_commit",
	"order.begin_payment.after_commit",
	"order.charge.before_call",
	"order.charge.after_call",
	"order.commit_stock.before_call",
	"order.commit_stock.after_call",
	"order.release.before_call",
	"order.release.after_call",
	"order.restock.before_call",
	"order.restock.after_call",
	"order.transition.before_commit",
	"order.transition.after_commit",
	"order.void.before_call",
	"order.void.after_call",
	"order.refund_order.before_call",
	"order.refund_order.after_call",
	"order.refund_return.before_call",
	"order.refund_return.after_call",
	"order.restock_return.before_call",
	"order.restock_return.after_call",
	"order.reschedule.before_commit",
	"order.reschedule.after_commit",
	"order.cancel.before_commit",
	"order.cancel.after_commit",
	"order.cancel.before_reply",
	"order.request_return.before_commit",
	"order.request_return.after_commit",
	"order.approve_return.before_commit",
	"order.approve_return.after_commit",
	"order.payment_notice.before_commit",
	"order.payment_notice.after_commit",
	"product.reserve.before_commit",
	"product.reserve.before_reply",
	"product.commit.before_commit",
	"product.commit.before_reply",
	"product.release.before_commit",
	"product.release.before_reply",
	"product.restock.before_commit",
	"product.restock.before_reply",
	"product.restock_return.before_commit",
	"product.restockReturn.before_reply",
	"payment.begin.before_commit",
	"payment.begin.after_commit",
	"payment.charge.before_psp",
	"payment.charge.after_psp",
	"payment.look_up.before_psp",
	"payment.look_up.after_psp",
	"payment.abandon.before_psp",
	"payment.abandon.after_psp",
	"payment.record.before_commit",
	"payment.record.after_commit",
	"payment.charge.before_reply",
	"payment.tombstone.before_commit",
	"payment.tombstone.after_commit",
	"payment.void.before_reply",
	"payment.refund.before_psp",
	"payment.refund.after_psp",
	"payment.settle_refund.before_commit",
	"payment.settle_refund.after_commit",
	"payment.answer_refund.before_commit",
	"payment.answer_refund.after_commit",
	"payment.refund.before_reply",
	"payment.refundRemaining.before_reply",
	"payment.refundLines.before_reply",
	"webhook.send.before_request",
	"webhook.send.after_request",
	"webhook.settle.after_commit",
	...streamFailpoints
] as const;

export type Failpoint = (typeof failpoints)[number];

/**
 * `kill`: SIGKILL to this process. `stop`: SIGSTOP, until it gets SIGCONT. `throw`: an error that does not
 * say whether the work was done. `delay`: continues after `ms`. `drop_reply`: the work is done and its reply
 * is never sent.
 */
export const modes = ["kill", "stop", "throw", "delay", "drop_reply"] as const;

export type Mode = (typeof modes)[number];

export interface Arming {
	point: Failpoint;
	mode: Mode;
	/** How often it is hit (default 1). */
	count?: number;
	/** How long a delay is (default 1000). */
	ms?: number;
}

export interface Hit {
	point: Failpoint;
	mode: Mode;
}

const armings = new Map<Failpoint, Required<Arming>>();
let report: (hit: Hit) => Promise<void> = () => Promise.resolve();

/** Returns undefined synchronously, without allocations, unless something is armed. */
export function failpoint(point: Failpoint): Promise<void> | undefined {
	return armings.size === 0 ? undefined : hit(point);
}

/** Work between two points. */
export function around<R>(
	[before, after]: readonly [Failpoint, Failpoint],
	work: () => Promise<R>
): Promise<R> {
	return armings.size === 0 ? work() : hitAround(before, after, work);
}

export function anyArmed(): boolean {
	return armings.size > 0;
}

export function isArmed(point: Failpoint): boolean {
	return armings.has(point);
}

export function isFailpoint(name: string): name is Failpoint {
	return (failpoints as readonly string[]).includes(name);
}

/** Arms a point, replacing an earlier arming. */
export function arm({ point, mode, count = 1, ms = 1000 }: Arming): void {
	armings.set(point, { point, mode, count, ms });
}

export function disarmAll(): void {
	armings.clear();
}

/** Called for every hit, before it acts: a killed process cannot report afterwards. */
export function onHit(listener: (hit: Hit) => Promise<void>): void {
	report = listener;
}

const syntax = /^(?<point>[\w.]+)=(?<mode>\w+)(?::(?<ms>\d{1,5}))?(?:\*(?<count>\d{1,4}))?$/;

/** Parses `point=mode[:ms][*count],…`. @throws Error that names the first invalid part */
export function parseArmings(text: string): Arming[] {
	const parts = text.split(",").map(part => part.trim());
	return parts.filter(Boolean).map(part => {
		const { point, mode, ms, count } = syntax.exec(part)?.groups ?? {};
		if (!isFailpoint(point ?? "")) throw new Error(`"${part}" names no failpoint`);
		if (!(modes as readonly unknown[]).includes(mode)) throw new Error(`"${part}" names no mode`);
		return {
			point: point as Failpoint,
			mode: mode as Mode,
			...(ms && { ms: Number(ms) }),
			...(count && { count: Number(count) })
		};
	});
}

async function hitAround<R>(
	before: Failpoint,
	after: Failpoint,
	work: () => Promise<R>
): Promise<R> {
	await failpoint(before);
	const result = await work();
	await failpoint(after);
	return result;
}

async function hit(point: Failpoint): Promise<void> {
	const arming = armings.get(point);
	if (!arming) return;
	if (--arming.count <= 0) armings.delete(point);
	await report({ point, mode: arming.mode });
	return applyMode(arming);
}

function applyMode({ point, mode, ms }: Required<Arming>): Promise<void> {
	switch (mode) {
		case "kill":
			process.kill(process.pid, "SIGKILL");
			return neverResolve();
		case "stop":
			process.kill(process.pid, "SIGSTOP");
			return Promise.resolve();
		case "delay":
			return new Promise(resolve => setTimeout(resolve, ms));
		case "drop_reply":
			// For a callee the reply is dropped; elsewhere the result is replaced by an error.
			if (point.endsWith(".before_reply")) return neverResolve();
	}
	return Promise.reject(new Error(`failpoint ${point}`));
}

function neverResolve(): Promise<never> {
	return new Promise(() => undefined);
}
