import type { Product } from "../../../contracts/product.ts";
import { type Account, type Clients, signIn } from "../../support/shop/api-client.ts";
import { until } from "../../support/until.ts";
import { accessTests } from "./rest.access.ts";
import { accountTests } from "./rest.accounts.ts";
import { catalogueTests } from "./rest.catalogue.ts";
import { demoTests } from "./rest.demo.ts";
import { exampleTests } from "./rest.examples.ts";
import { inputTests } from "./rest.input.ts";
import { notificationTests } from "./rest.notifications.ts";
import { operationTests } from "./rest.operation.ts";
import { orderTests } from "./rest.orders.ts";
import { paymentTests } from "./rest.payments.ts";
import { returnTests } from "./rest.returns.ts";
import { sagaTests } from "./rest.sagas.ts";
import { webhookTests } from "./rest.webhooks.ts";

/** The running shop, as every part of the suite uses it. */
export interface Shop {
	url(): string;
	as(who: Account | "anonymous"): Clients["anonymous"];
	/** Creates a new product. */
	product(stock: number, more?: object): Promise<Product>;
}

let number = 0;

/**
 * Tests of the whole REST API, against a shop that `start` starts: once as one process, once as one
 * process per service over a bus.
 */
export function restSuite(start: () => Promise<{ url: string; stop(): Promise<unknown> }>): void {
	let running: Awaited<ReturnType<typeof start>>;
	let clients: Clients;

	beforeAll(async () => {
		running = await start();
		// A cluster responds before all of its nodes know each other.
		await until(async () => (await fetch(`${running.url}/health/ready`)).ok, 30_000);
		clients = await signIn(running.url);
	}, 90_000);
	afterAll(() => running?.stop(), 30_000);

	const shop: Shop = {
		url: () => running.url,
		as: who => clients[who],
		async product(stock, more = {}) {
			const sku = `T-${process.pid}-${Date.now()}-${number++}`;
			const price = { amount: 1250, currency: "USD" };
			const body = { sku, name: `Test ${sku}`, category: "tests", price, stock, ...more };
			const { status, body: made } = await clients.admin.post<Product>("/api/v1/products", body);
			expect(status).toBe(201);
			return made;
		}
	};

	for (const tests of [
		operationTests,
		demoTests,
		accountTests,
		catalogueTests,
		orderTests,
		returnTests,
		sagaTests,
		paymentTests,
		notificationTests,
		webhookTests,
		inputTests,
		accessTests,
		exampleTests
	])
		tests(shop);
}
