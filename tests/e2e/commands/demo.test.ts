import type { Browser, Page } from "playwright-core";
import { Client, forwardedHeaders, signIn } from "../../support/shop/api-client.ts";
import { describeWith } from "../../support/describe-with.ts";
import { openBrowser } from "../../support/servers/browser.ts";
import { launch, run, startShop, type Running } from "../../support/servers/processes.ts";
import { until } from "../../support/until.ts";
import { address } from "../../support/shop/orders.ts";

/** The demo as a new user runs it: `npm start`, `npm run demo`, and the mailbox in a browser. */

let shop: Running;

beforeAll(async () => {
	// The demo takes longer than its tokens are valid.
	shop = await startShop({ TOKEN_TTL_S: "10" });
}, 90_000);

afterAll(async () => {
	await shop?.remove();
}, 60_000);

it("prints orders, messages and windows, and that they are consistent", async () => {
	const { code, output } = await run("demo.ts", ["--url", shop.url, "--orders", "40"], {});
	expect(output).toMatch(/40 of 40 orders/);
	expect(output).toMatch(/^orders {4}40: confirmed \d+/m);
	expect(output).toMatch(/^messages {2}\d+: order confirmation \d+/m);
	expect(output).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d {2}\d+ orders of \d+ customers/);
	expect(output).toMatch(/emitted [\d.]+ s after its end/);
	expect({ code, output }).toMatchObject({ code: 0 });
}, 240_000);

it("is measured: orders and messages, and no backlog", async () => {
	const zero = [
		...["order", "product", "analytics"].map(name => `shop_outbox_rows{service="${name}"} 0`),
		...["order", "product", "analytics"].map(name => `shop_outbox_seconds{service="${name}"} 0`),
		...["analytics", "notification"].map(name => `shop_stream_lag_messages{group="${name}"} 0`),
		...["analytics", "notification"].map(name => `shop_dead_letters{group="${name}"} 0`),
		...["email", "sms"].map(name => `shop_notifications_waiting{channel="${name}"} 0`),
		...["email", "sms"].map(name => `shop_notifications_waiting_seconds{channel="${name}"} 0`)
	];
	await until(async () => {
		const text = await (await fetch(`${shop.url}/metrics`)).text();
		expect(text).toMatch(/^shop_orders_total\{status="confirmed"\} [1-9]\d*$/m);
		expect(text).toMatch(/^shop_notifications_total\{channel="email",result="sent"\} [1-9]\d*$/m);
		const lines = new Set(text.split("\n"));
		return zero.every(line => lines.has(line));
	}, 30_000);
}, 40_000);

it("says in a sentence that no shop answers, and which argument is invalid", async () => {
	const away = await run("demo.ts", ["--url", "http://127.0.0.1:1"], {});
	expect([away.code, away.output]).toEqual([
		1,
		"No shop answers at http://127.0.0.1:1: start one with npm start.\n"
	]);
	const odd = await run("demo.ts", ["--orders", "many"], {});
	expect(odd.code).toBe(64);
	expect(odd.output).toContain("--orders takes a number");
}, 60_000);

it("ends at once on SIGINT", async () => {
	const { child, output } = launch("demo.ts", ["--url", shop.url, "--orders", "2000"], {});
	await until(() => output().includes("of 2000 orders") || child.exitCode !== null, 60_000);
	child.kill("SIGTERM");
	await until(() => child.exitCode !== null, 30_000);
	expect(child.exitCode).toBe(0);
}, 100_000);

describeWith("chromium")("the mailbox", () => {
	let browser: Browser;

	beforeAll(async () => {
		browser = await openBrowser();
	}, 60_000);

	afterAll(() => browser?.close(), 60_000);

	const hostile = `<img src=x onerror="document.title='taken over'"> & "Söhne"`;

	/** The newest message to a demo account, opened. */
	async function open(page: Page, to: string, sum: string): Promise<void> {
		const row = page.locator("tr", { hasText: to }).filter({ hasText: sum }).first();
		await until(async () => {
			await page.goto(`${shop.url}/dev/mailbox`);
			return (await row.count()) > 0 && (await row.innerText()).includes("order.confirmed");
		}, 30_000);
		await row.locator("a").click();
	}

	/** By how many pixels the page is wider than the viewport. */
	const overflow = (page: Page) =>
		page.evaluate<number>("Math.max(0, document.documentElement.scrollWidth - innerWidth)");

	/** The size of the smallest visible text, in pixels. */
	const smallest = (page: Page) =>
		page.evaluate<number>(`Math.min(...Array.from(document.querySelectorAll("body *"))
			.filter(({ childNodes }) => [...childNodes].some(node => node.nodeType === 3 && node.data.trim()))
			.filter(element => element.getClientRects().length > 0)
			.map(element => parseFloat(getComputedStyle(element).fontSize)))`);

	async function order(who: "alice" | "bob"): Promise<void> {
		const clients = await signIn(shop.url);
		const { status, body: product } = await clients.admin.post("/api/v1/products", {
			sku: `H-${who.toUpperCase()}`,
			name: hostile,
			category: "tests",
			stock: 5,
			price: { amount: 123_456, currency: "USD" }
		});
		expect(status).toBe(201);
		const placed = await clients[who].post("/api/v1/orders", {
			items: [{ product_id: product.id, quantity: 2 }],
			shipping_address: address,
			payment_method: "pm_card_visa"
		});
		expect(placed.status).toBe(201);
	}

	it.each([
		["alice", 375, 812, "Thank you", "$2,469.12"],
		["bob", 1280, 900, "Vielen Dank", "2.469,12"]
	] as const)(
		"shows %s's mail in a browser %i pixels wide",
		async (who, width, height, words, sum) => {
			await order(who);
			const page = await browser.newPage({ viewport: { width, height } });
			await open(page, `${who}@shop.test`, sum);
			await page.frameLocator("iframe").getByText(words).first().waitFor();
			expect(await overflow(page)).toBe(0);
			await page.goto(`${page.url()}/html`);
			const text = await page.locator("body").innerText();
			for (const shown of [words, hostile, sum]) expect(text).toContain(shown);
			expect(await page.title()).not.toBe("taken over");
			expect(await page.locator("img[src=x]").count()).toBe(0);
			expect(await overflow(page)).toBe(0);
			expect(await smallest(page)).toBeGreaterThanOrEqual(12);
			const link = page.getByRole("link").last();
			expect(await link.getAttribute("href")).toMatch(/^http/);
			await page.close();
		},
		60_000
	);

	it("is not served to other hosts", async () => {
		const elsewhere = new Client(shop.url, forwardedHeaders);
		for (const path of ["/dev/mailbox", `/dev/mailbox/${crypto.randomUUID()}`])
			expect((await elsewhere.get(path)).status).toBe(404);
	});
});

describeWith("chromium")("the page of the API", () => {
	it("tries out an order with its example as it is, as often as one clicks, and reads it", async () => {
		await using stack = new AsyncDisposableStack();
		const browser = await openBrowser();
		stack.defer(() => browser.close());
		const page = await browser.newPage();
		await page.goto(`${shop.url}/docs`);

		async function tryOut(operation: string, clicks: number): Promise<string[]> {
			const block = page.locator(`#operations-orders-${operation}`);
			await block.locator(".opblock-summary-control").click();
			await block.locator(".try-out__btn").click();
			const bodies: string[] = [];
			for (let click = 0; click < clicks; click++) {
				const answered = page.waitForResponse(response =>
					response.url().includes("/api/v1/orders")
				);
				await block.locator(".execute").click();
				const answer = await answered;
				bodies.push(`${answer.status()} ${((await answer.json()) as { id: string }).id}`);
			}
			return bodies;
		}

		const [first, second] = await tryOut("placeOrder", 2);
		expect([first, second]).toEqual(Array(2).fill(expect.stringMatching(/^201 [0-9a-f-]{36}$/)));
		expect(second).not.toBe(first);
		expect(await tryOut("getOrder", 1)).toEqual([second!.replace("201", "200")]);
	}, 120_000);
});
