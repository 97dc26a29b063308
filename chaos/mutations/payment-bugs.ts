import type { Bug } from "./bug.ts";

const steps = "services/order/storage/order.statements.ts";

/** Mistakes of shops that charged twice, refunded too much or said nothing of it. */
export const paymentBugs: readonly Bug[] = [
	{
		name: "creating an existing payment again fails instead of returning it",
		file: "services/payment/charges/payment.statements.ts",
		find: `			order by order_id
			on conflict do nothing
			returning *)`,
		replace: `			order by order_id
			returning *)`,
		promise: "P1",
		scenario: "lost_replies"
	},
	{
		name: "every charge attempt uses a new idempotency key",
		file: "services/payment/charges/charges.ts",
		find: `provider.charge({
				key: row.id,`,
		replace: `provider.charge({
				key: crypto.randomUUID(),`,
		promise: "P3",
		scenario: "lost_replies"
	},
	{
		name: "an unknown payment outcome is treated as failed",
		file: "services/order/saga/saga.decisions.ts",
		find: `		default:
			return sleep(awaits_customer ? "customer" : "outcome");`,
		replace: `		default:
			return afterFailure(situation, "unknown", reason);`,
		promise: "P8",
		scenario: "slow_payment"
	},
	{
		name: "refunds are not capped at the remaining amount",
		file: "services/payment/refunds/refunds.ts",
		find: `if (amount_minor > left) fail(lines ? "PAYMENT_NOT_REFUNDABLE" : "REFUND_EXCEEDS_PAYMENT");`,
		replace: "",
		furtherChanges: [
			{
				file: "services/payment/refunds/refund.repository.ts",
				find: `set refunded_minor = refunded_minor + $5, seq = seq + 1,
				updated_at = clock_timestamp()
			where id = $2 and status = 'succeeded' and refunded_minor + $5 <= amount_minor`,
				replace: `set refunded_minor = least(amount_minor, refunded_minor + $5), seq = seq + 1,
				updated_at = clock_timestamp()
			where id = $2 and status = 'succeeded'`
			}
		],
		promise: "P3",
		scenario: "refunds"
	},
	{
		name: "a webhook writes the payment state directly",
		file: "services/payment/provider-message.ts",
		find: `await charges.wake(row);
		if (!type.startsWith("payment_intent.")) await refunds.wake(row);`,
		replace: `const text = "update payment.payments set refunded_minor = amount_minor where id = $1";
		if (type.startsWith("refund.")) await this.#options.pg.query({ name: "by-message", text }, [row.id]);`,
		promise: "P3",
		scenario: "refunds"
	},
	{
		name: "cancelling an order leaves no tombstone for a late charge",
		file: "services/payment/charges/charges.ts",
		find: "await this.#options.repository.void(orderIds);",
		replace: "",
		furtherChanges: [
			{
				file: "services/order/saga/saga.decisions.ts",
				find: `		case "failed":
			return afterFailure(situation, failure_code, reason);`,
				replace: `		case "absent":
		case "failed":
			return afterFailure(situation, failure_code, reason);`
			}
		],
		promise: "P3",
		scenario: "late_charge"
	},
	{
		// The fence alone may be removed: the check of the order's status is a second guard.
		name: "a stale saga run commits its step without fence or status check",
		file: steps,
		find: `	select saga.order_id, saga.fence, saga.cancel_requested, saga.cancel_actor, saga.cancel_reason
	from orders.saga join asked on asked.id = saga.order_id and asked.fence = saga.fence`,
		replace: `	select saga.order_id, asked.fence, saga.cancel_requested, saga.cancel_actor, saga.cancel_reason
	from orders.saga join asked on asked.id = saga.order_id`,
		furtherChanges: [
			{
				file: steps,
				find: "from allowed a where o.id = a.id and o.status = a.src",
				replace: "from allowed a where o.id = a.id"
			}
		],
		promise: "P3",
		scenario: "stale_run"
	},
	{
		name: "a refund of staff is in no event of its order",
		file: "services/payment/refunds/refund.repository.ts",
		find: "const isNews = `r.purpose like 'refund:%' or",
		replace: "const isNews = `",
		promise: "P18",
		scenario: "payment_changes"
	},
	{
		name: "a refund at the provider's dashboard is ignored",
		file: "services/payment/refunds/elsewhere.ts",
		find: "if (unknown.length === 0 || balance?.status",
		replace: "if (unknown.length >= 0 || balance?.status",
		promise: "P3",
		scenario: "payment_changes"
	},
	{
		name: "a refund that came back is ignored",
		file: "services/payment/refunds/refunds.ts",
		find: `if (found?.status !== "failed") return;`,
		replace: `if (found?.status !== "failed" || refund.status === "succeeded") return;`,
		promise: "P3",
		scenario: "payment_changes"
	},
	{
		// The notice is read again when its acknowledgement is lost; here it always is, for a while.
		name: "a notice of a payment that is read again is recorded again",
		file: "services/order/lifecycle/payment-notices.ts",
		find: "if ((await tx.query(claim, [notice.id, notice.order_id])).length === 0) return undefined;",
		replace: "await tx.query(claim, [notice.id, notice.order_id]);",
		furtherChanges: [
			{
				file: "services/payment/notices.ts",
				find: "where id = any($1::uuid[])",
				replace: "where id = any($1::uuid[]) and created_at < now() - interval '3 s'"
			}
		],
		promise: "P18",
		scenario: "payment_changes"
	},
	{
		name: "a dispute is in no event of its order",
		file: "services/payment/disputes.ts",
		find: `from changed c join d on d.payment_id = c.id
		returning`,
		replace: `from changed c join d on d.payment_id <> c.id
		returning`,
		promise: "P18",
		scenario: "payment_changes"
	},
	{
		name: "an amount is sent in the minor units of ISO 4217, whatever the provider counts",
		file: "services/payment/provider/amount-mapping.ts",
		find: "	ISK: 2,",
		replace: "",
		promise: "P19",
		scenario: "other_currencies"
	}
];
