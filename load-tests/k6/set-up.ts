import { fail } from "k6";
import {
	archiveProduct,
	createProduct,
	register,
	signIn,
	type Account,
	type Session
} from "./shop-requests.ts";

/** What a run needs in the shop, made before it and named so that it cannot be taken for something else. */
export interface TestData {
	/** Ids. */
	products: string[];
	customers: Session[];
}

export interface Goods {
	products: number;
	/** Units of each. */
	stock: number;
}

/** A shop takes 100 registrations from one network in 15 minutes by default. */
const customers = 20;

/** By default that of a shop with demo data. */
const admin: Account = {
	email: __ENV.ADMIN_EMAIL || "admin@shop.test",
	password: __ENV.ADMIN_PASSWORD || "demo-Password-1"
};

/** Makes goods and customers. The customers' passwords are known to this run only. */
export function setUp(goods: Goods): TestData {
	const run = Date.now().toString(36).toUpperCase();
	const password = `${crypto.randomUUID()}-A1`;
	const boss = signIn(admin);
	const products = Array.from({ length: goods.products }, (_, n) =>
		createProduct(boss, {
			sku: `LOAD-${run}-${n + 1}`,
			name: `Load test ${run}, product ${n + 1}`,
			stock: goods.stock
		})
	);
	const accounts = Array.from({ length: customers }, (_, n) => ({
		email: `load-${run.toLowerCase()}-${n + 1}@example.com`,
		password
	}));
	for (const account of accounts) register(account);
	return { products, customers: accounts.map(signIn) };
}

/** Takes the goods out of the catalogue, and fails if some stay. Orders and customers stay: no shop forgets them. */
export function tearDown({ products }: TestData): void {
	const boss = signIn(admin);
	const left = products.flatMap(product => archiveProduct(boss, product) ?? []);
	if (left.length > 0) fail(`goods of this run are still for sale: ${left.join(", ")}`);
}
