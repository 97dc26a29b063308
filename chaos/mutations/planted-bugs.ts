import type { ScenarioName } from "./scenarios.ts";
import type { SourcePatch } from "./patched-tree.ts";

/** A mistake in the source, the scenario that shows it, and the promise that it breaks. */
export interface Bug extends SourcePatch {
	name: string;
	/** The checker that must find it. */
	promise: string;
	scenario: ScenarioName;
	/** Further replacements, where a second guard would hide the mistake. */
	furtherChanges?: readonly SourcePatch[];
}

const reservations = "services/product/stock/stock.statements.ts";
const steps = "services/order/storage/order.statements.ts";

const outbox = "streams/outbox/outbox.statements.ts";
const relay = "streams/outbox/relay.ts";
const consumer = "streams/consumer/consumer.ts";

/** Not a mistake by itself: it delays the relay so that it can be killed there, and events are published twice. */
const delayBeforeMark: SourcePatch = {
	file: relay,
	find: "await session.query(mark, [ids]);",
	replace: "await pause(300);\n\t\tawait session.query(mark, [ids]);"
};

/** Mistakes of shops that oversold, charged twice or lost an order; each is planted alone. */
export const bugs: readonly Bug[] = [
	{
		// The sleep stands for the round trip of a shop that reads the stock and writes back a computed value.
		name: "stock is read without a lock and written back",
		file: reservations,
		find: `order by product_id for update
	), queue as (
		select a.order_id, a.quantity, coalesce(s.on_hand - s.reserved, 0) as available,`,
		replace: `order by product_id
	), away as materialized (
		select pg_sleep(0.3) from stock_row limit 1
	), queue as (
		select a.order_id, a.quantity,
			coalesce(s.on_hand - s.reserved, 0) + 0 * (select count(*) from away) as available,`,
		promise: "P2",
		scenario: "concurrent_purchases"
	},
	{
		name: "a release leaves no tombstone for a late reservation",
		file: "services/product/stock/reservation.repository.ts",
		find: "if (unknown.length > 0) {",
		replace: "if (unknown.length < 0) {",
		promise: "P2",
		scenario: "late_reservation"
	},
	{
		name: "a reservation expires while its payment is processing",
		file: reservations,
		find: `where state = 'held' and expires_at <= clock_timestamp() order by expires_at limit $1\`,
	from: "state = 'held'",`,
		replace: `where state in ('held', 'locked') and updated_at < clock_timestamp() - interval '1 s' limit $1\`,
	from: "state in ('held', 'locked')",`,
		promise: "P2",
		scenario: "slow_payment"
	},
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
		file: "services/payment/webhook.ts",
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
	},
	{
		name: "the order is acknowledged before it is committed",
		file: "services/order/placement/placement.ts",
		find: "const storedOrder = await whenFree(() => this.#storeOrder(row));",
		replace: `void whenFree(() => this.#storeOrder(row)).catch(() => undefined);
		const storedOrder = { created_at: new Date(), incarnation: null } as StoredOrder | null;`,
		promise: "P1",
		scenario: "failed_commit"
	},
	{
		name: "the idempotency key is ignored",
		file: "idempotency/keyed-request.ts",
		find: "{ principal, key: key as string,",
		replace: "{ principal, key: (key as string) + Math.random(),",
		promise: "P7",
		scenario: "same_key"
	},
	{
		name: "a repeated request returns the current order instead of the stored response",
		file: "services/order/order.service.ts",
		find: "? placed.order",
		replace: "? await this.orders.get(placed.order.id, undefined)",
		promise: "P7",
		scenario: "same_key"
	},
	{
		name: "a repeated refund returns the current payment instead of the stored response",
		file: "services/payment/refunds/refunds.ts",
		find: "if (stored.is_answered) return madeOrRefused({ answer: stored.answer, replayed: true }, id);",
		replace: `if (stored.is_answered)
			return {
				answer: await repository.transaction(async tx =>
					repository.markAnswered(tx, (await repository.find(id, tx))!)
				),
				replayed: true
			};`,
		promise: "P7",
		scenario: "refunds"
	},
	{
		name: "an order's request that waited leaves the first response as it was",
		file: "services/order/order.service.ts",
		find: ": await this.idempotency.answer(request, await this.outcome(order, waitS));",
		replace: ": await this.outcome(order, waitS);",
		promise: "P7",
		scenario: "same_key"
	},
	{
		name: "a request whose key is taken has its effect all the same",
		file: "idempotency/idempotency.ts",
		find: `if (!claim!.is_free) return "in_use";
				return claim!.is_claimed ? work(tx) : undefined;`,
		replace: `return claim!.is_free ? work(tx) : work(tx);`,
		promise: "P7",
		scenario: "one_key"
	},
	{
		name: "a request that is refused because of its key has its effect",
		file: "idempotency/idempotency.ts",
		find: `if (!claim!.is_free) return "in_use";
				return claim!.is_claimed ? work(tx) : undefined;`,
		replace: `const result = await work(tx);
				return claim!.is_claimed ? result : undefined;`,
		promise: "P7",
		scenario: "one_key"
	},
	{
		name: "the fingerprint of a request leaves out its parameters",
		file: "idempotency/keyed-request.ts",
		find: "fingerprint([action, sent])",
		replace: "fingerprint([action, typeof sent])",
		promise: "P7",
		scenario: "one_key"
	},
	{
		name: "the fingerprint of a request depends on the order of its members",
		file: "idempotency/fingerprint.ts",
		find: "return JSON.stringify(value, sortMembers);",
		replace: `return JSON.stringify(value, (name, member) => sortMembers(name, [member]) && member);`,
		promise: "P7",
		scenario: "same_key"
	},
	{
		name: "an order is confirmed without a row in its history",
		file: "services/order/storage/order.statements.ts",
		find: "select id, version, type, src, dst, why, who, at, snapshot, history_hash from moved",
		replace:
			"select id, version, type, src, dst, why, who, at, snapshot, history_hash from moved where dst <> 'confirmed'",
		promise: "P15",
		scenario: "purchases"
	},
	{
		name: "a confirmed order writes no outbox event",
		file: "services/order/storage/order.statements.ts",
		find: "select id, user_id, version, type, data, at, quiet from moved",
		replace:
			"select id, user_id, version, type, data, at, quiet from moved where dst <> 'confirmed'",
		promise: "P15",
		scenario: "purchases"
	},
	{
		name: "events are marked as published before they are sent",
		file: relay,
		find: "for (const [topic, messages] of",
		replace: `await session.query(mark, [rows.map(({ id }) => id)]);
		await pause(2000);
		for (const [topic, messages] of`,
		promise: "P4",
		scenario: "relay_kills"
	},
	{
		name: "the relay skips events with ids below the last published one",
		file: outbox,
		find: "select * ${waiting} $1",
		replace: `select * from \${schema}.outbox where \${only}
				and id > coalesce((select max(id) from \${schema}.outbox where published_at is not null), 0) order by id limit $1`,
		promise: "P4",
		scenario: "slow_commits"
	},
	{
		name: "a redelivered event is applied again",
		file: consumer,
		find: ": firstOfEach(events, known);",
		replace: ": known.size < 0 ? [] : events;",
		furtherChanges: [delayBeforeMark],
		promise: "P5",
		scenario: "relay_kills"
	},
	{
		name: "a consumer advances its offset before it applies the batch",
		file: consumer,
		find: "const isDone = await db.transaction(async tx => {",
		replace: `await db.transaction(tx => this.#positions.advance(topic, partition, next, tx));
		await pause(1000);
		const isDone = await db.transaction(async tx => {`,
		furtherChanges: [
			{
				file: consumer,
				find: "if (!isSame(await this.#positions.lock(topic, partition, tx), expected)) return false;",
				replace:
					"if ((await this.#positions.lock(topic, partition, tx)).next < expected.next) return false;"
			}
		],
		promise: "P4",
		scenario: "consumer_kills"
	},
	{
		name: "late events are dropped",
		file: "services/analytics/windows/intake.ts",
		find: "const facts = work.events.flatMap((event, index) => factOf(event, times[index]!) ?? []);",
		replace: `const facts = work.events
		.flatMap((event, index) => factOf(event, times[index]!) ?? [])
		.filter(({ at }) => at >= (row!.watermark ?? 0));`,
		// All events are late: the relay waits longer than partitions do until they count as idle.
		furtherChanges: [
			{
				file: "services/order/outbox/order.outbox.ts",
				find: 'only: "not quiet"',
				replace: `only: "not quiet and occurred_at < now() - interval '17 s'"`
			}
		],
		promise: "P5",
		scenario: "purchases"
	},
	{
		name: "an idle partition holds the watermark back",
		file: "services/analytics/windows/tumbling.window.ts",
		find: "lag <= 0 && now - heardAt >= idleTimeoutMs;",
		replace: "lag < 0 && now - heardAt >= idleTimeoutMs;",
		promise: "P5",
		scenario: "idle_partitions"
	}
];
