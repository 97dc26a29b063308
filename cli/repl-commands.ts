import type { BrokerOptions, ServiceBroker } from "moleculer";
import { order, type Order } from "../contracts/order.ts";
import { product } from "../contracts/product.ts";
import type { Fault } from "../lib/errors.ts";
import { newId } from "../lib/id.ts";
import { format } from "../lib/money.ts";
import { call } from "../lib/service.ts";
import { operator } from "./operator.ts";

type Words = Record<string, string>;
type Command = NonNullable<NonNullable<BrokerOptions["replOptions"]>["customCommands"]>[number];
type Action = (broker: ServiceBroker, words: Words) => Promise<void>;

const asOperator = { meta: { user: operator } };
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

interface Refused {
	message: string;
	data?: { detail?: string } | Fault[];
}

function refusal({ message, data }: Refused): string {
	const detail = Array.isArray(data)
		? data.map(fault => `${fault.pointer} ${fault.detail}`).join(", ")
		: data?.detail;
	return detail ? `${message} ${detail}` : message;
}

/** A refusal is an answer here, not a defect: its words, and no stack. */
function told(action: Action): Command["action"] {
	return async (broker, words) => {
		try {
			// Moleculer's type says a list; moleculer-repl gives the words by their names.
			await action(broker, words as unknown as Words);
		} catch (error) {
			console.log(refusal(error as Refused));
		}
	};
}

/** The shop's own words at the REPL. */
export const commands: Command[] = [
	{
		command: "order <id>",
		description: "Show an order and what happened to it",
		action: told(showOrder)
	},
	{
		command: "stock <id>",
		description: "Show the units of a product",
		action: told(showStock)
	},
	{
		command: "place <product> <n>",
		description: "Order n units as the demo customer user-123",
		action: told(placeOrder)
	}
];
