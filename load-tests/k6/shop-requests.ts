import { fail, sleep } from "k6";
import http, { type RefinedParams, type RefinedResponse, type ResponseType } from "k6/http";

/** The REST API of a shop, for k6. Names of requests have no ids, so that each endpoint has its own figures. */

/** Without a slash at its end. */
const shopUrl = (__ENV.SHOP_URL || "http://localhost:8080").replace(/\/$/, "");
const api = `${shopUrl}/api/v1`;

type Response = RefinedResponse<ResponseType | undefined>;

/** What a request is for: thresholds differ by it. */
export type Kind = "set-up" | "read" | "order" | "poll";

export interface Account {
	email: string;
	password: string;
}

/** A signed-in account. */
export interface Session extends Account {
	token: string;
	/** In ms since 1970, by this machine's clock. */
	expiresAt: number;
}

export interface Order {
	id: string;
	status: string;
}

export interface NewProduct {
	sku: string;
	name: string;
	stock: number;
}

/** Some time before its end, for requests that are under way. */
const renewBeforeMs = 60_000;
/** A shop with too much to do answers 503, to sign-ins too: passwords are hashed two at a time. */
const attempts = 10;

/** Of the simulator and of Stripe's test mode. */
const paymentMethod = __ENV.PAYMENT_METHOD || "pm_card_visa";
const address = { street: "123 Main St", city: "SF", state: "CA", zip: "94105", country: "US" };

// A refusal with a reason is an answer: sold out, too many orders, overloaded.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 409, 429, 503));

function params(name: string, kind: Kind, token?: string): RefinedParams<ResponseType> {
	const headers: Record<string, string> = { "Content-Type": "application/json" };
	if (token) headers.Authorization = `Bearer ${token}`;
	return { headers, tags: { name, kind }, timeout: "30s" };
}

function post(path: string, kind: Kind, body: object, token?: string, key?: string): Response {
	const of = params(`POST ${path.replace(/[^/]*\d[^/]*/g, "{id}")}`, kind, token);
	if (key) of.headers = { ...of.headers, "Idempotency-Key": key };
	return http.post(`${api}${path}`, JSON.stringify(body), of);
}

function get(path: string, name: string, kind: Kind, token?: string): Response {
	return http.get(`${api}${path}`, params(`GET ${name}`, kind, token));
}

/** The body, where the request was answered so; ends the run otherwise, because all that follows needs it. */
function needed<R>(response: Response, what: string, ...statuses: number[]): R {
	if (!statuses.includes(response.status))
		fail(`${what}: ${response.status || response.error} ${response.body ?? ""}`);
	return response.json() as unknown as R;
}

function untilTaken(send: () => Response): Response {
	let response = send();
	for (let n = 1; response.status === 503 && n < attempts; n++) {
		sleep(1);
		response = send();
	}
	return response;
}

export function signIn(account: Account): Session {
	const response = untilTaken(() => post("/auth/login", "set-up", account));
	const { access_token: token, expires_in } = needed<{ access_token: string; expires_in: number }>(
		response,
		`${account.email} cannot sign in`,
		200
	);
	return { ...account, token, expiresAt: Date.now() + expires_in * 1000 - renewBeforeMs };
}

/** The same session, or another one where it would soon expire. */
export const renewed = (session: Session): Session =>
	Date.now() < session.expiresAt ? session : signIn(session);

export function register(account: Account): void {
	needed(post("/auth/register", "set-up", account), `${account.email} is not registered`, 202);
}

/** As an admin. Returns the id. */
export function createProduct({ token }: Session, product: NewProduct): string {
	const body = { ...product, category: "load", price: { amount: 1299, currency: "USD" } };
	const response = post("/products", "set-up", body, token, crypto.randomUUID());
	return needed<{ id: string }>(response, `${product.sku} is not created`, 201).id;
}

/** As an admin: it cannot be ordered afterwards. Returns why it can, if the shop refuses. */
export function archiveProduct({ token }: Session, id: string): string | undefined {
	const of = params("DELETE /products/{id}", "set-up", token);
	of.headers = { ...of.headers, "Idempotency-Key": crypto.randomUUID() };
	const { status, error } = untilTaken(() => http.del(`${api}/products/${id}`, null, of));
	return status >= 200 && status < 300 ? undefined : `${id} (${status || error})`;
}

export function browse(product: string): Response[] {
	return [
		get("/products?limit=20", "/products", "read"),
		get(`/products/${product}`, "/products/{id}", "read")
	];
}

export function placeOrder({ token }: Session, product: string): Response {
	const body = {
		items: [{ product_id: product, quantity: 1 }],
		shipping_address: address,
		payment_method: paymentMethod
	};
	return post("/orders", "order", body, token, crypto.randomUUID());
}

export function findOrder({ token }: Session, id: string): Response {
	return get(`/orders/${id}`, "/orders/{id}", "poll", token);
}
