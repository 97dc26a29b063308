import type { Product } from "../../../contracts/product.ts";
import { freePort } from "../../../launch/process/free-port.ts";
import { type Clients, signIn } from "./api-client.ts";
import { testDatabase, type TestDatabase } from "../servers/database.ts";
import { startShop } from "../servers/processes.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";
import { pspKeys, startPsp, type RunningPsp } from "../servers/psp.ts";

/** The URL to which the bank's page redirects. */
export const returnUrl = "http://127.0.0.1:9/thanks";

/** A shop whose provider is a separate process: they use HTTP in both directions. */
export interface ShopWithPsp extends Clients {
	readonly database: TestDatabase;
	/** The one that runs now, or ran last. */
	readonly psp: RunningPsp;
	/** Starts the provider again, at the same address and with its ledger. */
	restartPsp(): Promise<void>;
	/** A new product, 12.50 USD. */
	product(stock: number): Promise<string>;
	available(productId: string): Promise<number>;
	remove(): Promise<void>;
}

/** @param env as for `npm start` */
export async function startShopWithPsp(env: Record<string, string> = {}): Promise<ShopWithPsp> {
	const database = await testDatabase();
	const [port, pspPort] = [await freePort(), await freePort()];
	const url = `http://127.0.0.1:${port}`;
	const pspEnv = {
		PSP_PORT: String(pspPort),
		PSP_WEBHOOK_URL: `${url}/api/v1/payments/webhook`,
		DATA_DIR: temporaryFolder()
	};
	let psp = await startPsp(pspEnv);
	const shop = await startShop({
		DATABASE_URL: database.url,
		PORT: String(port),
		PAYMENT_PROVIDER: "stripe",
		STRIPE_API_URL: psp.url,
		STRIPE_SECRET_KEY: pspKeys.secretKey,
		STRIPE_WEBHOOK_SECRET: pspKeys.webhookSecret,
		PAYMENT_RETURN_URL: returnUrl,
		...env
	});
	const clients = await signIn(url);
	let number = 0;
	return {
		...clients,
		database,
		get psp() {
			return psp;
		},
		async restartPsp() {
			psp = await startPsp(pspEnv);
		},
		async product(stock) {
			const sku = `T-${process.pid}-${Date.now()}-${number++}`;
			const price = { amount: 1250, currency: "USD" };
			const body = { sku, name: sku, category: "tests", price, stock };
			return (await clients.admin.post<Product>("/api/v1/products", body)).body.id;
		},
		async available(id) {
			return (await clients.anonymous.get<Product>(`/api/v1/products/${id}`)).body.available;
		},
		async remove() {
			await shop.remove();
			await psp.remove();
			await database.drop();
		}
	};
}
