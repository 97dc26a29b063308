import { grouped, type Checker, type Violation } from "./checker.ts";
import type { Entry } from "../evidence/client-history.ts";
import type { Evidence } from "../evidence/evidence.ts";

/** Outcomes by the key under which they were requested. */
const byKey = (outcomes: readonly Entry[]) =>
	grouped(
		outcomes.filter(({ key }) => key),
		({ user, key }) => `${user} ${key}`
	);

const successesOf = (entries: readonly Entry[]) => entries.filter(({ phase }) => phase === "ok");
const requestsOf = (entries: readonly Entry[]) => new Set(entries.map(({ request }) => request));

function* violationsOf(key: string, entries: readonly Entry[]): Generator<Violation> {
	const answered = successesOf(entries);
	const requests = requestsOf(answered);
	const name = `${answered[0]?.op} ${key}`;
	const { order_id } = answered[0] ?? {};
	if (requests.size > 1) yield { what: `${name}: ${requests.size} requests succeeded`, order_id };
	const shas = new Set(answered.map(({ sha }) => sha));
	if (requests.size === 1 && shas.size > 1)
		yield { what: `${name}: ${shas.size} different answers among ${answered.length}`, order_id };
	const refused = entries.filter(({ code }) => code === "idempotency-key-reused");
	if (answered.filter(({ replayed }) => !replayed).length > 1)
		yield { what: `${name}: several responses are not marked as repeated`, order_id };
	if (refused.some(({ request }) => requests.has(request)))
		yield { what: `${name}: refused as another request, and answered`, order_id };
}

/** Orders that are cancelled although each request to cancel them was refused because of its key. */
function* refusedWithEffect({ outcomes, orders }: Evidence): Generator<Violation> {
	const cancels = grouped(
		outcomes.filter(({ op, order_id }) => op === "cancel" && order_id),
		({ order_id }) => order_id!
	);
	const isCancelled = new Map(orders.map(({ id, reason }) => [id, reason === "requested"]));
	for (const [order_id, entries] of cancels)
		if (isCancelled.get(order_id) && entries.every(({ code }) => code === "idempotency-key-reused"))
			yield { what: "was cancelled by a request that was refused", order_id };
}

export const answers: Checker = {
	promise: "P7",
	title: "A key names one request, which gets the same answer, byte for byte",
	examined: ({ outcomes }) => {
		const keys = [...byKey(outcomes).values()];
		const count = keys.reduce((total, entries) => total + successesOf(entries).length, 0);
		const shared = keys.filter(entries => requestsOf(entries).size > 1).length;
		return `${count} answers under ${keys.length} keys, ${shared} of them with several requests`;
	},
	violations: evidence => [
		...[...byKey(evidence.outcomes)].flatMap(([key, entries]) => [...violationsOf(key, entries)]),
		...refusedWithEffect(evidence)
	]
};
