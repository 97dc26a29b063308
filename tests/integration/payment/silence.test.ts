import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { newId } from "../../../lib/id.ts";
import { GuardedProvider } from "../../../services/payment/provider/guarded.ts";
import { ProviderUnavailable } from "../../../services/payment/provider/provider.ts";
import { StripeProvider } from "../../../services/payment/provider/stripe/stripe.ts";
import { errorOf } from "../../support/expect-failure.ts";
import { openPsp, pspKeys, type Psp } from "../../support/servers/psp.ts";
import { startUnaccepting } from "../../support/servers/unaccepting.ts";

/** A payment provider whose connections are silent and are never reset. */

let psp: Psp;
let proxy: Proxy;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
	psp = await openPsp();
	proxy = await Proxy.open(psp.url);
}, 40_000);

afterAll(async () => {
	for (const close of closers.reverse()) await close();
	await proxy?.close();
	await psp?.remove();
});

function providerAt(apiUrl: string): GuardedProvider {
	const stripe = new StripeProvider({ ...pspKeys, apiUrl, returnUrl: "http://127.0.0.1:9/" });
	const provider = new GuardedProvider(stripe, {
		onState: () => undefined,
		onCall: () => undefined
	});
	closers.push(() => provider.close());
	return provider;
}

const request = () => ({
	key: newId(),
	order_id: newId(),
	amount: { amount: 1000, currency: "USD" },
	payment_method: "pm_card_visa"
});

/** The error of a charge, and after how long (ms) it was known. */
async function failed(provider: GuardedProvider, charge = request()) {
	const startedAt = performance.now();
	const error = await errorOf(provider.charge(charge));
	return { error, afterMs: performance.now() - startedAt };
}

it("that falls silent is given up, and the next charge goes over another connection", async () => {
	const provider = providerAt(proxy.url);
	await provider.charge(request());
	proxy.silence();
	const lost = request();
	const { error, afterMs } = await failed(provider, lost);
	expect(error).toBeInstanceOf(ProviderUnavailable);
	expect(afterMs).toBeLessThan(10_000);
	await provider.charge(request());
	expect(await provider.retrieve(lost.key)).toBeUndefined();
	expect(await provider.charge(lost)).toMatchObject({ status: "succeeded" });
}, 40_000);

describe("that takes no connection", () => {
	it("is given up before an answer would be, and gets nothing when it takes connections again", async () => {
		const server = await startUnaccepting();
		closers.push(() => server.stop());
		const provider = providerAt(`http://127.0.0.1:${server.port}`);
		const { error, afterMs } = await failed(provider);
		expect(error).toBeInstanceOf(ProviderUnavailable);
		expect(afterMs).toBeLessThan(6000);
		server.resume();
		// The kernel repeats a SYN after 1, 3 and 7 s.
		await new Promise(resolve => setTimeout(resolve, 5000));
		expect(server.received()).toBe(0);
	}, 40_000);

	it("but only one without a TLS handshake is given up too", async () => {
		proxy.mode = "stall";
		closers.push(() => (proxy.mode = "pass"));
		const { error, afterMs } = await failed(providerAt(proxy.url.replace("http:", "https:")));
		expect(error).toBeInstanceOf(ProviderUnavailable);
		expect(afterMs).toBeLessThan(6000);
	}, 40_000);
});
