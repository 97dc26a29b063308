import type { Bug } from "./bug.ts";

/** Mistakes of shops that lost an order, its history, or the meaning of an idempotency key. */
export const orderBugs: readonly Bug[] = [
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
		find: "if (placed.isAnswered) return placed.order;",
		replace: "if (placed.isAnswered) return this.orders.get(placed.order.id, undefined);",
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
		find: "return this.idempotency.answer(request, seen);",
		replace: "return seen;",
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
	}
];
