import { check, sleep } from "k6";
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";
import {
	browse,
	findOrder,
	placeOrder,
	renewed,
	type Order,
	type Session
} from "./shop-requests.ts";
import type { TestData } from "./set-up.ts";

/** From the request for an order to the response that shows it as confirmed, in ms. */
const timeToConfirmed = new Trend("shop_time_to_confirmed", true);
const confirmed = new Counter("shop_orders_confirmed");
/** They ended otherwise: sold out, or not paid. */
const notConfirmed = new Counter("shop_orders_not_confirmed");
/** Answered 409, 429 or 503: the shop did not take them, and said so. */
const refused = new Counter("shop_orders_refused");
/** Of all that were sent. */
const refusals = new Rate("shop_refusals");
/** Accepted with 201; each is then one of confirmed, not confirmed and unsettled. */
const accepted = new Counter("shop_orders_accepted");
/** Without an end in the time for it. */
const unsettled = new Counter("shop_orders_unsettled");

/** A conflict such as sold out, too many requests, overloaded. */
const refusalStatuses = [409, 429, 503];
const inProgress = ["pending", "payment_pending", "payment_review", "refund_pending"];
/** Less than the time that k6 gives an iteration at the end of a run (`gracefulStop`). */
const settledWithinS = 30;
const pollEveryS = 0.25;

/** Of this virtual user, from its second iteration on. */
let own: Session | undefined;
let hasReported = false;

/** Customers are fewer than virtual users: registrations are limited. */
function session({ customers }: TestData): Session {
	own = renewed(own ?? customers[exec.vu.idInTest % customers.length]!);
	return own;
}

/** What one customer does: looks at goods, orders one unit, and looks at the order until it has its end. */
export function buy(data: TestData, { thinkS = 1 } = {}): void {
	const customer = session(data);
	const product = data.products[exec.scenario.iterationInTest % data.products.length]!;
	for (const page of browse(product))
		check(page, {
			"a page of the catalogue is shown, or refused with a reason": ({ status }) =>
				status === 200 || refusalStatuses.includes(status)
		});
	const startedAt = Date.now();
	const answer = placeOrder(customer, product);
	const isPlaced = answer.status === 201;
	const isRefused = refusalStatuses.includes(answer.status);
	refusals.add(isRefused);
	check(answer, {
		"an order is taken, or refused with a reason": () => isPlaced || isRefused
	});
	if (isPlaced) follow(customer, answer.json() as unknown as Order, startedAt);
	else if (isRefused) refused.add(1);
	else reportOnce(answer);
	sleep(thinkS);
}

/** The check counts them all. */
function reportOnce({ status, error, body }: ReturnType<typeof placeOrder>): void {
	if (hasReported) return;
	hasReported = true;
	console.error(`an order was answered ${status || error} ${body ?? ""}`);
}

function follow(customer: Session, placed: Order, startedAt: number): void {
	accepted.add(1);
	let { status } = placed;
	for (const end = startedAt + settledWithinS * 1000; inProgress.includes(status);) {
		if (Date.now() > end) return unsettled.add(1);
		sleep(pollEveryS);
		const found = findOrder(customer, placed.id);
		check(found, { "an accepted order is there": response => response.status !== 404 });
		if (found.status === 200) ({ status } = found.json() as unknown as Order);
	}
	if (status !== "confirmed") return notConfirmed.add(1);
	timeToConfirmed.add(Date.now() - startedAt);
	confirmed.add(1);
}
