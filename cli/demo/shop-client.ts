import type { Window } from "../../contracts/analytics.ts";
import type { Order } from "../../contracts/order.ts";
import type { Product } from "../../contracts/product.ts";
import type { SentMessage } from "./outcome.ts";
import { freshToken } from "../api-client/fresh-token.ts";
import { LaunchError } from "../../launch/process/launch-error.ts";
import { UnexpectedResponse } from "../api-client/answer.ts";
import { postUntilDecided, ShopApi } from "../api-client/shop-api.ts";

const keyed = { isKeyed: true };
const password = "demo-Password-1";

/** An access token of one of the demo's accounts. */
async function login(url: string, name: string): Promise<string> {
	const credentials = { email: `${name}@shop.test`, password };
	const api = `${url}/api/v1/auth`;
	let answer = await postUntilDecided(`${api}/login`, credentials);
	if (answer.status === 401 && /^demo-/.test(name)) {
		await postUntilDecided(`${api}/register`, credentials);
		answer = await postUntilDecided(`${api}/login`, credentials);
	}
	if (answer.status !== 200)
		throw new LaunchError(
			`${credentials.email} cannot sign in at ${url} (${answer.status}): the demo needs a shop with demo data.`
		);
	return (answer.body as { access_token: string }).access_token;
}

/** A running shop over HTTP, as one of its users. */
export class DemoShop {
	readonly #api: ShopApi;

	private constructor(api: ShopApi) {
		this.#api = api;
	}

	/**
	 * Signs in as one of the demo's accounts, which is registered first if it does not exist.
	 * @throws LaunchError if no shop responds, or one without demo data
	 */
	static async signIn(url: string, name: string): Promise<DemoShop> {
		const token = freshToken(() => login(url, name));
		await token();
		return new DemoShop(new ShopApi(url, token));
	}

	/** Undefined when too many of the customer's orders are open. */
	async order(product: Product, quantity: number, card: string): Promise<Order | undefined> {
		const body = {
			items: [{ product_id: product.id, quantity }],
			shipping_address: {
				street: "123 Main St",
				city: "SF",
				state: "CA",
				zip: "94105",
				country: "US"
			},
			payment_method: card
		};
		try {
			return await this.#api.send<Order>("POST", "/orders", body, keyed);
		} catch (error) {
			if (error instanceof UnexpectedResponse && error.status === 429) return undefined;
			throw error;
		}
	}

	find(id: string): Promise<Order> {
		return this.#api.send("GET", `/orders/${id}`);
	}

	cancel(id: string): Promise<unknown> {
		return this.#api.send("POST", `/orders/${id}/cancel`, {}, keyed);
	}

	/** As staff: ships the order. */
	async ship(id: string): Promise<void> {
		const tracking_number = id.replaceAll("-", "").slice(-12).toUpperCase();
		await this.#api.send("POST", `/orders/${id}/ship`, { carrier: "UPS", tracking_number }, keyed);
		await this.#api.send("POST", `/orders/${id}/deliver`, {}, keyed);
	}

	async products(): Promise<Product[]> {
		const query = "in_stock=true&limit=100";
		return (await this.#api.send<{ data: Product[] }>("GET", `/products?${query}`)).data;
	}

	/** As staff: messages about these orders. */
	async messagesAbout(orders: readonly Order[]): Promise<SentMessage[]> {
		const ids = new Set<string | null>(orders.map(({ id }) => id));
		const since = orders.reduce((least, { created_at: at }) => (at < least ? at : least), "9999");
		const all: SentMessage[] = [];
		for (let path: string | null = "/notifications?limit=100"; path;) {
			const page: { data: SentMessage[]; next_cursor: string | null } = await this.#api.send(
				"GET",
				path
			);
			all.push(...page.data);
			// The newest come first.
			const isOver = !page.next_cursor || page.data.at(-1)!.occurred_at < since;
			path = isOver ? null : `/notifications?limit=100&cursor=${page.next_cursor}`;
		}
		return all.filter(({ order_id }) => ids.has(order_id));
	}

	/** As staff: windows that began from `from` on, and the watermark. */
	windows(from: Date): Promise<{ data: Window[]; watermark: string | null }> {
		return this.#api.send("GET", `/analytics/windows?from=${from.toISOString()}&limit=100`);
	}
}
