import { join, resolve } from "node:path";
import { configOfCommand } from "../config/index.ts";
import { PspServer } from "../psp/stripe-api/server.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { run } from "../launch/process/lifecycle.ts";
import { commandLine } from "../launch/process/command-line.ts";

const usage = `Usage: npm run psp
Runs the simulated payment provider as a process of its own, which speaks Stripe's API on PSP_PORT.`;

/** Public, and valid for this simulator only. */
const testKeys = { secretKey: "sk_test_psp", webhookSecret: "whsec_psp" };

commandLine(usage, {});

run(async life => {
	const { dataDir, psp, payment } = configOfCommand({ runsServices: false });
	const { secretKey = testKeys.secretKey, webhookSecret = testKeys.webhookSecret } = payment;
	const ledger = join(resolve(dataDir), "psp-ledger.jsonl");
	const { port, webhookUrl } = psp;
	const server = await PspServer.open({ port, ledger, secretKey, webhookSecret, webhookUrl }).catch(
		error => {
			if (error.code !== "EADDRINUSE") throw error;
			throw new LaunchError(`Port ${port} is taken: choose another one with PSP_PORT.`);
		}
	);
	life.atEnd(() => server.close());
	console.log(`ready: the payment provider answers at ${server.url}`);
	const shown = payment.secretKey
		? ""
		: ` STRIPE_SECRET_KEY=${testKeys.secretKey} STRIPE_WEBHOOK_SECRET=${testKeys.webhookSecret}`;
	console.log(
		`start the shop with: PAYMENT_PROVIDER=stripe STRIPE_API_URL=${server.url}${shown} npm start`
	);
	process.once("disconnect", () => void life.end(0));
	process.send?.("ready");
});
