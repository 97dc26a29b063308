import { randomUUID } from "node:crypto";
import type { Window } from "../contracts/analytics.ts";
import type { Order } from "../contracts/order.ts";
import type { Product } from "../contracts/product.ts";
import type { Told } from "./demo-outcome.ts";
import { LaunchError } from "./launch-error.ts";

const password = "demo-Password-1";

/** What a shop answered that it should not have. */
export class Unexpected extends Error {
	readonly status: number;

	constructor(what: string, status: number, body: unknown) {
		const { title = "", detail = "" } = (body ?? {}) as { title?: string; detail?: string };
		super(`${what} was answered ${status} ${title} ${detail}`.trim());
		this.status = status;
	}
}

/** A running shop, as one of its users sees it over HTTP. */
export class DemoShop {
	readonly url: string;
	readonly #token: string;

	private constructor(url: string, token: string) {
		this.url = url;
		this.#token = token;
	}

	/**
	 * As one of the demo's accounts, which is made when it is not there yet.
	 * @throws LaunchError where no shop answers, or one without demo data
	 */
	static async signIn(url: string, name: string): Promise<DemoShop> {
		const credentials = { email: `${name}@shop.test`, password };
		const api = `${url}/api/v1/auth`;
		let answer = await post(`${api}/login`, credentials);
		if (answer.status === 401 && /^demo-/.test(name)) {
			await post(`${api}/register`, credentials);
			answer = await post(`${api}/login`, credentials);
		}
		if (answer.status !== 200)
			throw new LaunchError(
				`${credentials.email} cannot sign in at ${url} (${answer.status}): the demo needs a shop with demo data.`
			);
		const { access_token } = (await answer.json()) as { access_token: string };
		return new DemoShop(url, access_token);
	}

	/** Undefined when too many of the customer's orders are open, or the shop has too much to do. */
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
			return await this.#send<Order>("POST", "/orders", body);
		} catch (error) {
			if (error instanceof Unexpected && [429, 503].includes(error.status)) return undefined;
			throw error;
		}
	}

	find(id: string): Promise<Order> {
		return this.#send("GET", `/orders/${id}`);
	}

	cancel(id: string): Promise<unknown> {
		return this.#send("POST", `/orders/${id}/cancel`, {});
	}

	/** Of staff: sends the goods off. */
	async ship(id: string): Promise<void> {
		const tracking_number = id.replaceAll("-", "").slice(-12).toUpperCase();
		await this.#send("POST", `/orders/${id}/ship`, { carrier: "UPS", tracking_number });
		await this.#send("POST", `/orders/${id}/deliver`, {});
	}

	async products(): Promise<Product[]> {
		const query = "in_stock=true&limit=100";
		return (await this.#send<{ data: Product[] }>("GET", `/products?${query}`)).data;
	}

	/** Of staff: what customers were told of these orders. */
	async messagesAbout(orders: readonly Order[]): Promise<Told[]> {
		const ids = new Set<string | null>(orders.map(({ id }) => id));
		const since = orders.reduce((least, { created_at: at }) => (at < least ? at : least), "9999");
		const all: Told[] = [];
		for (let path: string | null = "/notifications?limit=100"; path;) {
			const page: { data: Told[]; next_cursor: string | null } = await this.#send("GET", path);
			all.push(...page.data);
			// The newest come first.
			const isOver = !page.next_cursor || page.data.at(-1)!.occurred_at < since;
			path = isOver ? null : `/notifications?limit=100&cursor=${page.next_cursor}`;
		}
		return all.filter(({ order_id }) => ids.has(order_id));
	}

	/** Of staff: minutes that began from `from` on, and how far they are complete. */
	windows(from: Date): Promise<{ data: Window[]; watermark: string | null }> {
		return this.#send("GET", `/analytics/windows?from=${from.toISOString()}&limit=100`);
	}

	async #send<R>(method: string, path: string, body?: unknown): Promise<R> {
		const headers = { authorization: `Bearer ${this.#token}` };
		const target = `${this.url}/api/v1${path}`;
		const answer = await (body === undefined
			? fetch(target, { headers })
			: post(target, body, headers));
		const read = (await answer.json().catch(() => undefined)) as R;
		if (!answer.ok) throw new Unexpected(`${method} ${path}`, answer.status, read);
		return read;
	}
}

/** @throws LaunchError where nothing answers */
async function post(target: string, body: unknown, more: Record<string, string> = {}) {
	const headers = { "content-type": "application/json", "idempotency-key": randomUUID(), ...more };
	try {
		return await fetch(target, { method: "POST", headers, body: JSON.stringify(body) });
	} catch {
		throw new LaunchError(
			`No shop answers at ${new URL(target).origin}: start one with npm start.`
		);
	}
}
