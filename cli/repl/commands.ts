import type { BrokerOptions, ServiceBroker } from "moleculer";
import type { OrderSaga } from "../../contracts/order-saga.ts";
import { order, type Order } from "../../contracts/order.ts";
import { product } from "../../contracts/product.ts";
import { newId } from "../../lib/id.ts";
import { format } from "../../lib/money.ts";
import { call } from "../../lib/service.ts";
import { asOperator } from "./operator-identity.ts";
import { refusalLines, type Refused } from "./refusal.ts";
import { decideReview, showReviews } from "./review-commands.ts";

type Words = Record<string, string>;
type Command = NonNullable<NonNullable<BrokerOptions["replOptions"]>["customCommands"]>[number];
type Action = (broker: ServiceBroker, words: Words) => Promise<void>;

const asCustomer = { meta: { user: { id: "user-123", role: "customer" } } };

const address = { street: "123 Main St", city: "SF", state: "CA", zip: "94105", country: "US" };

function summary({ id, status, reason, totals }: Order): string {
	return `${id}  ${status}${reason ? ` (${reason})` : ""}  ${format(totals.total)}`;
}

async function showOrder(broker: ServiceBroker, { id = "" }: Words): Promise<void> {
	const [found, { data }] = await Promise.all([
		call(broker, order.actions.get, { id }, asOperator),
		call(broker, order.actions.events, { id }, asOperator)
	]);
	console.log(summary(found));
	for (const { name, quantity, line_total } of found.items)
		console.log(`  ${quantity} × ${name}  ${format(line_total)}`);
	for (const { at, type, reason } of data) console.log(`  ${at}  ${type}  ${reason ?? ""}`);
}

async function showStock(broker: ServiceBroker, { id = "" }: Words): Promise<void> {
	const stock = await call(broker, product.actions["stock.get"], { product_id: id }, asOperator);
	const { product_id, on_hand, reserved, available } = stock;
	console.log(`${product_id}  on hand ${on_hand}, reserved ${reserved}, available ${available}`);
}

async function placeOrder(
	broker: ServiceBroker,
	{ product: id = "", n = "" }: Words
): Promise<void> {
	const params = {
		items: [{ product_id: id, quantity: Number(n) }],
		shipping_address: address,
		payment_method: "pm_card_visa",
		idempotency_key: newId(),
		wait_s: 5
	};
	const placed = await call(broker, order.actions.place, params, {
		...asCustomer,
		timeout: 10_000
	});
	console.log(summary(placed.order));
}

function sagaLine({ order_id, status, ...saga }: OrderSaga): string {
	const { step, attempt, waits_for, next_run_at, last_error, cancel_requested, lease } = saga;
	const waiting = lease ? `runs on ${lease.owner}` : `waits for ${waits_for ?? "a node"}`;
	const cancelling = cancel_requested ? ", cancel requested" : "";
	const line = `${order_id}  ${status} (${step}${cancelling})  ${waiting} until ${lease?.until ?? next_run_at}`;
	return `${line}, attempt ${attempt}${last_error ? `: ${last_error}` : ""}`;
}

async function showSagas(broker: ServiceBroker): Promise<void> {
	const { data } = await call(broker, order.actions["saga.list"], { limit: 100 }, asOperator);
	for (const saga of data) console.log(sagaLine(saga));
	if (data.length === 0) console.log("No saga is running.");
}

/** `saga <id>` and `saga retry <id>` are one command to the REPL. */
async function sagaCommand(broker: ServiceBroker, { id: word = "", more }: Words): Promise<void> {
	const { "saga.get": get, "saga.retry": retry } = order.actions;
	const saga =
		word === "retry"
			? await call(broker, retry, { id: more ?? "" }, asOperator)
			: await call(broker, get, { id: word }, asOperator);
	console.log(sagaLine(saga));
}

/** A refusal is printed as a message, without a stack. */
function printRefusals(action: Action): Command["action"] {
	return async (broker, words) => {
		try {
			// Moleculer's type declares a list; moleculer-repl passes the arguments by name.
			await action(broker, words as unknown as Words);
		} catch (error) {
			for (const line of refusalLines(error as Refused)) console.log(line);
		}
	};
}

/** The shop's commands of the REPL. */
export const commands: Command[] = [
	{
		command: "order <id>",
		description: "Show an order and what happened to it",
		action: printRefusals(showOrder)
	},
	{
		command: "stock <id>",
		description: "Show the units of a product",
		action: printRefusals(showStock)
	},
	{
		command: "place <product> <n>",
		description: "Order n units as the demo customer user-123",
		action: printRefusals(placeOrder)
	},
	{
		command: "sagas",
		description: "List the orders whose saga is still running",
		action: printRefusals(showSagas)
	},
	{
		command: "saga <id> [more]",
		description: "Show the saga of an order; saga retry <id> retries a waiting order now",
		action: printRefusals(sagaCommand)
	},
	{
		command: "reviews",
		description: "List the payments and refunds in manual review",
		action: printRefusals(showReviews)
	},
	{
		command: "review <id> <decision> <note> [ref]",
		description:
			'Resolve a manual review: charged, not_charged or refunded_elsewhere, "a note", and the reference of the provider',
		action: printRefusals(decideReview)
	}
];
