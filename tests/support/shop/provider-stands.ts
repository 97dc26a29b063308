import { join } from "node:path";
import { readLedger, type LedgerReport } from "../../../psp/ledger/ledger.ts";
import type { PaymentProvider } from "../../../services/payment/provider/provider.ts";
import { SimulatedProvider } from "../../../services/payment/provider/simulator.ts";
import { StripeProvider } from "../../../services/payment/provider/stripe/stripe.ts";
import { pspKeys, startPsp } from "../servers/psp.ts";
import { temporaryFolder } from "../servers/temporary-folder.ts";

/** A driver with its provider. */
export interface ProviderStand {
	provider: PaymentProvider;
	/** Charges in the provider's ledger. */
	ledger(): Promise<LedgerReport>;
	close(): Promise<void>;
}

const bankReturnUrl = "http://127.0.0.1:9/back?from=bank";

async function inProcess(): Promise<ProviderStand> {
	const path = join(temporaryFolder(), "psp-ledger.jsonl");
	const { webhookSecret } = pspKeys;
	const provider = await SimulatedProvider.open({ path, webhookSecret, returnUrl: bankReturnUrl });
	return { provider, ledger: () => readLedger(path), close: () => provider.close() };
}

async function overHttp(): Promise<ProviderStand> {
	const psp = await startPsp();
	const provider = new StripeProvider({ ...pspKeys, apiUrl: psp.url, returnUrl: bankReturnUrl });
	const close = async () => {
		await provider.close();
		await psp.remove();
	};
	return { provider, ledger: () => psp.ledger(), close };
}

/** Each driver: what one does the other must do. */
export const providerStands: [name: string, open: () => Promise<ProviderStand>][] = [
	["the simulator in this process", inProcess],
	["the Stripe SDK over HTTP to npm run psp", overHttp]
];
