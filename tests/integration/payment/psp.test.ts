import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Stripe from "stripe";
import { newId } from "../../../lib/id.ts";
import type { PaymentProvider } from "../../../services/payment/provider/provider.ts";
import { StripeProvider } from "../../../services/payment/provider/stripe/stripe.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { openPsp, pspKeys, startPsp, type Psp } from "../../support/servers/psp.ts";
import { until } from "../../support/until.ts";

/** The simulated provider as a process, over HTTP. */

const opened: Psp[] = [];

function tracked<P extends Psp>(psp: P): P {
	opened.push(psp);
	return psp;
}

const open = async (webhookUrl?: string) => tracked(await openPsp(webhookUrl));
const start = async (env?: Record<string, string>) => tracked(await startPsp(env));

afterEach(async () => {
	await Promise.all(opened.splice(0).map(psp => psp.remove()));
});

function driver({ url }: Psp): PaymentProvider {
	return new StripeProvider({ ...pspKeys, apiUrl: url, returnUrl: "http://127.0.0.1:9/back" });
}

const amount = { amount: 1000, currency: "USD" };
const chargeOf = (payment_method = "pm_card_visa") => {
	return { key: newId(), order_id: newId(), amount, payment_method };
};

/** Sends a request and returns the raw response. */
async function post(psp: Psp, path: string, form: Record<string, string>, key = newId()) {
	const headers = { Authorization: `Bearer ${pspKeys.secretKey}`, "Idempotency-Key": key };
	const body = new URLSearchParams(form);
	const response = await fetch(`${psp.url}/v1/${path}`, { method: "POST", headers, body });
	return { status: response.status, headers: response.headers, text: await response.text() };
}

const intent = { amount: "1000", currency: "usd", confirm: "true", payment_method: "pm_card_visa" };

describe("idempotency keys", () => {
	it.each([
		["pm_card_visa", 200],
		["pm_card_chargeDeclined", 402],
		["pm_sim_errorAfterCommit", 500]
	])("repeat the response to %s byte for byte: %i", async (payment_method, status) => {
		const psp = await open();
		const key = newId();
		const form = { ...intent, payment_method };
		const first = await post(psp, "payment_intents", form, key);
		const again = await post(psp, "payment_intents", form, key);
		expect([first.status, again.status]).toEqual([status, status]);
		expect(again.text).toBe(first.text);
		expect(first.headers.get("idempotent-replayed")).toBeNull();
		expect(again.headers.get("idempotent-replayed")).toBe("true");
		expect(again.headers.get("original-request")).toBe(first.headers.get("request-id"));
		expect((await psp.ledger()).charges).toHaveLength(1);
	});

	it("are refused with other parameters, and while the first request runs", async () => {
		const psp = await open();
		const key = newId();
		const form = { ...intent, payment_method: "pm_sim_hang1s" };
		const first = post(psp, "payment_intents", form, key);
		const second = await until(async () => {
			const { status, text } = await post(psp, "payment_intents", form, key);
			return status === 409 ? text : undefined;
		});
		expect(JSON.parse(second).error.code).toBe("idempotency_key_in_use");
		expect((await first).status).toBe(200);
		const other = await post(psp, "payment_intents", { ...form, amount: "999" }, key);
		expect(other.status).toBe(400);
		expect(JSON.parse(other.text).error.type).toBe("idempotency_error");
	});

	it("expire after a day, and then charge again", async () => {
		const psp = await open();
		const key = newId();
		const first = await post(psp, "payment_intents", intent, key);
		await psp.advance(24 * 3_600_000 - 60_000);
		expect((await post(psp, "payment_intents", intent, key)).text).toBe(first.text);
		await psp.advance(60_000);
		expect((await post(psp, "payment_intents", intent, key)).text).not.toBe(first.text);
		expect((await psp.ledger()).charges).toHaveLength(2);
	});

	it("do not store requests that were refused before they were run", async () => {
		const psp = await open();
		const key = newId();
		const wrong = await post(psp, "payment_intents", { ...intent, amount: "0" }, key);
		expect(wrong.status).toBe(400);
		expect((await post(psp, "payment_intents", intent, key)).status).toBe(200);
	});
});

it("finds a delayed charge as processing, until it is made", async () => {
	const provider = driver(await open());
	const request = chargeOf("pm_sim_hang1s");
	const charging = provider.charge(request);
	const found = await until(() => provider.retrieve(request.key));
	expect(found).toEqual({ status: "processing" });
	expect(await charging).toMatchObject({ status: "succeeded" });
	expect(await provider.retrieve(request.key)).toMatchObject({ status: "succeeded" });
});

describe("invalid requests", () => {
	it.each([
		["amount", { ...intent, amount: "-1" }],
		["amount", { ...intent, amount: "1.5" }],
		["amount", { ...intent, amount: "1e3x" }],
		["currency", { ...intent, currency: "dollars" }],
		["currency", { ...intent, currency: "xxx" }],
		["currency", { ...intent, currency: "kpw" }],
		["amount", { ...intent, currency: "kwd", amount: "1235" }],
		["amount", { ...intent, currency: "isk", amount: "150" }],
		["amount", { ...intent, currency: "ugx", amount: "99" }],
		["amount", { ...intent, amount: "49" }],
		["amount", { ...intent, currency: "huf", amount: "17499" }],
		["amount", { ...intent, currency: "jpy", amount: "49" }],
		["amount", { ...intent, currency: "eur", amount: "100000000" }],
		["confirm", { ...intent, confirm: "false" }],
		["payment_method", { ...intent, payment_method: "pm_nobody" }],
		["return_url", { ...intent, return_url: "javascript:alert(1)" }],
		["colour", { ...intent, colour: "red" }],
		["__proto__", { ...intent, ["__proto__[x]"]: "1" }]
	])("say which parameter it is: %s", async (param, form) => {
		const psp = await open();
		const { status, text } = await post(psp, "payment_intents", form as Record<string, string>);
		expect(status).toBe(400);
		const { type, param: named } = JSON.parse(text).error;
		expect([type, named]).toEqual(["invalid_request_error", param]);
		expect((await psp.ledger()).charges).toEqual([]);
	});

	it.each([
		["49", "amount_too_small"],
		["100000000", "amount_too_large"]
	])("say why %s is refused: %s", async (amount, code) => {
		const { text } = await post(await open(), "payment_intents", { ...intent, amount });
		expect(JSON.parse(text).error.code).toBe(code);
	});

	it("fail a charge permanently if the order caused them: a retry would not help", async () => {
		const provider = driver(await open());
		const tooMuch = { ...chargeOf(), amount: { amount: 100_000_000, currency: "USD" } };
		const outcome = { status: "failed", ref: null, code: "amount_refused" };
		expect(await provider.charge(tooMuch)).toMatchObject(outcome);
		expect(await provider.charge(tooMuch)).toMatchObject(outcome);
		expect(await provider.retrieve(tooMuch.key)).toBeUndefined();
	});

	it("need the API key, a known path, and a body of at most 64 KiB", async () => {
		const psp = await open();
		const bare = await fetch(`${psp.url}/v1/payment_intents`);
		expect(bare.status).toBe(401);
		expect((await post(psp, "customers", {})).status).toBe(404);
		const large = { ...intent, description: "x".repeat(70_000) };
		expect((await post(psp, "payment_intents", large)).status).toBe(413);
	});
});

describe("the process", () => {
	it("keeps its ledger and its keys after kill -9", async () => {
		const dataDir = temporaryFolder();
		const before = await start({ DATA_DIR: dataDir });
		const request = chargeOf();
		const waiting = chargeOf("pm_card_threeDSecureRequired");
		const first = await driver(before).charge(request);
		await driver(before).charge(waiting);
		await before.advance(1000);
		await before.kill9();
		const after = await start({ DATA_DIR: dataDir });
		expect(await driver(after).charge(request)).toEqual(first);
		expect(await driver(after).retrieve(request.key)).toEqual(first);
		expect(await driver(after).charge(waiting)).toMatchObject({ status: "action_required" });
		expect((await after.ledger()).charges).toHaveLength(2);
	}, 30_000);

	it("stops cleanly on SIGTERM, even while a request is delayed", async () => {
		const psp = await start();
		const hanging = driver(psp).charge(chargeOf("pm_sim_hang30s"));
		hanging.catch(() => undefined);
		expect(await psp.stop()).toBe(0);
		await expect(hanging).rejects.toThrow();
	}, 30_000);
});

describe("the fault settings", () => {
	const kinds = { decline: true, drop_before: true, drop_after_commit: true, rate_limit: true };

	/** The outcomes of 40 charges, one after the other. */
	async function run(seed: number): Promise<(number | "lost")[]> {
		const psp = await open();
		await psp.setFaults({ rate: 0.5, seed, kinds: { ...kinds, error_after_commit: true } });
		const results: (number | "lost")[] = [];
		for (let n = 0; n < 40; n++)
			results.push(
				await post(psp, "payment_intents", intent).then(
					({ status }) => status,
					() => "lost" as const
				)
			);
		return results;
	}

	it("draw the same faults from the same seed", async () => {
		const [a, b, c] = [await run(7), await run(7), await run(8)];
		expect(b).toEqual(a);
		expect(c).not.toEqual(a);
		expect(new Set(a)).toEqual(new Set([200, 402, 429, 500, "lost"]));
	});

	it("lose responses and no charges: charges are found by a lookup", async () => {
		const psp = await open();
		const provider = driver(psp);
		await psp.setFaults({ rate: 1, kinds: { drop_after_commit: true } });
		const request = chargeOf();
		await expect(provider.charge(request)).rejects.toThrow();
		await psp.setFaults({});
		expect(await provider.retrieve(request.key)).toMatchObject({ status: "succeeded" });
	});

	it("refuse unknown settings", async () => {
		const psp = await open();
		await expect(psp.setFaults({ rate: 2 })).rejects.toThrow("/rate");
		await expect(psp.setFaults({ kinds: { fire: true } } as never)).rejects.toThrow("/kinds/fire");
	});
});

describe("webhooks", () => {
	let shop: Server;
	let url: string;
	/** Received webhooks in order: id, type and charge. */
	let received: { id: string; type: string; payment: string | undefined }[];
	let answer: number;
	let refused: number;

	beforeEach(async () => {
		received = [];
		answer = 200;
		refused = 0;
		shop = createServer((req, res) => {
			const chunks: Buffer[] = [];
			req.on("data", (chunk: Buffer) => chunks.push(chunk));
			req.on("end", () => {
				const body = Buffer.concat(chunks);
				const signature = req.headers["stripe-signature"]!;
				const event = Stripe.webhooks.constructEvent(body, signature, pspKeys.webhookSecret, 300);
				const { metadata } = event.data.object as { metadata?: Record<string, string> };
				const { id, type } = event;
				if (answer === 200) received.push({ id, type, payment: metadata?.payment_id });
				else refused++;
				res.writeHead(answer).end();
			});
		}).listen(0, "127.0.0.1");
		await once(shop, "listening");
		url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/webhook`;
	});
	afterEach(() => {
		shop.close();
		shop.closeAllConnections();
	});

	it("are sent for a charge, a customer's approval and a refund, signed as by Stripe", async () => {
		const psp = await open(url);
		const provider = driver(psp);
		const request = chargeOf("pm_card_threeDSecureRequired");
		const made = (await provider.charge(request)) as { ref: string; url: string };
		const { ref, url: page } = made;
		const secret = new URL(page).searchParams.get("secret")!;
		const body = new URLSearchParams({ secret, answer: "approve" });
		await fetch(page, { method: "POST", body, redirect: "manual" });
		const refund = { key: newId(), payment_id: request.key, charge_ref: ref, amount };
		await provider.refund({ ...refund, reason: "broken" });
		await until(() => received.length === 4);
		const types = [
			"charge.refunded",
			"payment_intent.requires_action",
			"payment_intent.succeeded",
			"refund.created"
		];
		expect(received.map(({ type }) => type).sort()).toEqual(types);
		expect(new Set(received.map(({ payment }) => payment))).toEqual(new Set([request.key]));
		const stripe = new Stripe(pspKeys.secretKey, {
			host: "127.0.0.1",
			port: new URL(psp.url).port,
			protocol: "http"
		});
		const listed = await stripe.events.list();
		expect(listed.data.map(({ id }) => id).sort()).toEqual(received.map(({ id }) => id).sort());
	});

	it("are sent until the shop acknowledges them, even after a restart of the provider", async () => {
		const dataDir = temporaryFolder();
		answer = 503;
		const before = await start({ DATA_DIR: dataDir, PSP_WEBHOOK_URL: url });
		await driver(before).charge(chargeOf());
		await until(() => refused > 0);
		await before.kill9();
		answer = 200;
		await start({ DATA_DIR: dataDir, PSP_WEBHOOK_URL: url });
		await until(() => received.length > 0);
		expect(received.map(({ type }) => type)).toEqual(["payment_intent.succeeded"]);
	}, 30_000);

	it("are retried while the shop responds 500", async () => {
		answer = 500;
		const psp = await open(url);
		await driver(psp).charge(chargeOf());
		await until(() => refused > 1);
		answer = 200;
		await until(() => received.length === 1);
	});

	it("come twice or out of order when the fault settings say so", async () => {
		const psp = await open(url);
		await psp.setFaults({ webhooks: { rate: 1, kinds: ["duplicate"] } });
		await driver(psp).charge(chargeOf());
		await until(() => received.length === 2);
		expect(received[1]).toEqual(received[0]);
		received = [];
		await psp.setFaults({ webhooks: { rate: 1, kinds: ["late"], late_ms: 1500 } });
		const late = (await driver(psp).charge(chargeOf())) as { ref: string };
		await psp.setFaults({});
		const prompt = (await driver(psp).charge(chargeOf())) as { ref: string };
		await until(() => received.length === 2);
		expect(received.map(({ id }) => id)).toEqual(
			[prompt, late].map(({ ref }) => `evt_${ref}_begun`)
		);
	});
});
