import { randomInt } from "node:crypto";
import { configOfCommand } from "../config/index.ts";
import type { Order } from "../contracts/order.ts";
import {
	counted,
	discrepancies,
	summaryLines,
	sold,
	unsent,
	type SentMessage
} from "./demo/outcome.ts";
import { DemoShop } from "./demo/shop-client.ts";
import { intents, placeOrders } from "./demo/order-traffic.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { run, type Lifecycle } from "../launch/process/lifecycle.ts";
import { commandLine, usageError } from "../launch/process/command-line.ts";
import { ProgressBar } from "../launch/process/progress-bar.ts";
import { poll } from "../lib/retry.ts";
import { addressOfShop } from "../launch/shop/running-shop.ts";

const usage = `Usage: npm run demo [-- --orders 200]
Places orders as a dozen customers in a running local shop, then prints the results: orders, messages, windows.
  --orders n   how many orders (default 200, at most 10,000)
  --url u      where the shop is (default: the one that runs here, else HOST and PORT)`;

const { values } = commandLine(usage, {
	orders: { type: "string", default: "200" },
	url: { type: "string" }
});
const count = Number(values.orders);
if (!/^\d+$/.test(values.orders) || count < 1 || count > 10_000)
	usageError(usage, "--orders takes a number from 1 to 10,000");

const progress = (step: string) => console.error(step);

const newcomers = 10;
const atOnce = 12;
const lookEveryMs = 500;
const minuteMs = 60_000;
/** A window is emitted some 10 s after its end. */
const windowWithinMs = 90_000;
const messagesWithinMs = 60_000;
const orderWithinMs = 60_000;

async function runTraffic(life: Lifecycle, url: string, staff: DemoShop) {
	const names = ["alice", "bob", ...Array.from({ length: newcomers }, (_, n) => `demo-${n + 1}`)];
	const customers: DemoShop[] = [];
	// One after the other: the shop hashes two passwords at a time.
	for (const name of names) customers.push(await DemoShop.signIn(url, name));
	const products = await staff.products();
	if (products.length === 0)
		throw new LaunchError("Everything is sold out: npm start -- --fresh resets the stock.");
	const bar = new ProgressBar({ things: "orders" });
	const orders = await placeOrders({
		customers,
		staff,
		products,
		atOnce,
		withinMs: orderWithinMs,
		intents: intents(count, customers.length, products.length, below => randomInt(below)),
		onOrder: done => bar.show(done, count),
		isStopping: () => life.ending
	});
	bar.end(orders.length, count);
	return orders;
}

const polling = (life: Lifecycle) => ({ everyMs: lookEveryMs, isStopping: () => life.ending });

type Windows = Awaited<ReturnType<DemoShop["windows"]>>;

const minuteOf = (at: string) => Math.floor(Date.parse(at) / minuteMs) * minuteMs;

/** Waits for the windows in which the orders were sold, and returns how long after their end they were emitted. */
async function windowsOf(life: Lifecycle, staff: DemoShop, orders: readonly Order[]) {
	const from = new Date(Math.min(...orders.map(order => minuteOf(order.created_at))));
	const end = Math.max(...orders.map(order => minuteOf(order.updated_at))) + minuteMs;
	const confirmed = sold(orders).length;
	// Orders that came a little late are emitted in a correction.
	const isEmitted = ({ data, watermark }: Windows) =>
		Date.parse(watermark ?? "") >= end && counted(data) >= confirmed;
	const look = async () => {
		const { data, watermark } = await staff.windows(from);
		return { data: data.filter(({ revision }) => revision > 0), watermark };
	};
	const withinMs = windowWithinMs + end - Date.now();
	const found = await poll(look, { ...polling(life), withinMs, isDone: isEmitted });
	return { windows: found.data, emittedAfterMs: isEmitted(found) ? Date.now() - end : undefined };
}

run(async life => {
	const url = addressOfShop(values.url, configOfCommand({ runsServices: false }));
	const [staff, admin] = [
		await DemoShop.signIn(url, "support"),
		await DemoShop.signIn(url, "admin")
	];
	progress(`placing ${count} orders at ${url}`);
	const orders = await runTraffic(life, url, admin);
	if (orders.length === 0) throw new LaunchError("The shop took no order.");
	progress("waiting for the messages to be sent");
	const look = () => staff.messagesAbout(orders);
	const isSent = (seen: SentMessage[]) => unsent(orders, seen).length === 0;
	const messages = await poll(look, {
		...polling(life),
		withinMs: messagesWithinMs,
		isDone: isSent
	});
	progress("waiting for the last window to close and be emitted");
	const outcome = { orders, messages, ...(await windowsOf(life, staff, orders)) };
	console.log(summaryLines(outcome, url).join("\n"));
	const problems = discrepancies(outcome);
	for (const problem of problems) console.error(problem);
	await life.end(problems.length > 0 ? 1 : 0);
});
