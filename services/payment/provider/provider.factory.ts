import { join } from "node:path";
import type { Config } from "../../../config/index.ts";
import type { PaymentProvider } from "./provider.ts";
import { SimulatedProvider } from "./simulator.ts";
import { StripeProvider } from "./stripe/stripe.ts";

type Open = (config: Pick<Config, "payment" | "dataDir">) => Promise<PaymentProvider>;

const drivers: Record<Config["payment"]["provider"], Open> = {
	simulator({ payment: { webhookSecret, returnUrl }, dataDir }) {
		const path = join(dataDir, "psp-ledger.jsonl");
		return SimulatedProvider.open({ path, webhookSecret, returnUrl });
	},
	stripe: async ({ payment }) => new StripeProvider({ ...payment, secretKey: payment.secretKey! })
};

/** The configured driver, without breaker and bulkhead. */
export const openProvider: Open = config => drivers[config.payment.provider](config);
